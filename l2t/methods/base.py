"""What a transfer method is.

A method is a folder with `config.py` (options, torch-free: CLI, TUI and plans validate and describe with it) and
`method.py` (the computation, loaded by workers only), and one line in `registry.py`. The loop knows no method by name.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from l2t.methods.phases import PhaseData
from l2t.models.base import ModelInfo, Shape
from l2t.spec.artefact import ArtefactSpec
from l2t.spec.base import Model
from l2t.spec.run import RunSpec


class MethodConfig(Model):
    """Options of a method, with defaults and help."""

    summary: ClassVar[str]
    """One line: what it does."""
    paper: ClassVar[str]
    """Where it comes from."""
    loss: ClassVar[str]
    """What it minimises: symbols first, then what each of them is, in words."""
    implementation: ClassVar[str]
    """Import string of its `Method` class."""
    needs_source: ClassVar[bool] = True
    """Whether it uses a source network; where not, the source is no part of the run's identity."""
    same_architecture: ClassVar[bool] = False
    """Whether the target is a network of the source's architecture; reports show such methods as a group of their
    own."""
    makes: ClassVar[tuple[str, ...]] = ()
    """Phases before the run, by their names in the phase registry."""
    unrolls: ClassVar[bool] = False
    """Whether it differentiates through virtual steps (then bf16 is refused)."""
    train: ClassVar[Mapping[str, Any]] = {}
    """Training settings whose default is the method's own; what a recipe or the user sets goes before it."""

    later: ClassVar[frozenset[str]] = frozenset()
    """Options that were added when there were runs without them: a run's specification names them only where they are
    not at their default, so that those runs keep their identity."""

    @classmethod
    def defaults(cls, size: int) -> dict[str, Any]:
        """Options whose default is another for images of size × size pixels; what a recipe or the user sets goes before
        it."""
        return {}

    def normal(self) -> Self:
        """The same with options that have no effect beside the others at their defaults: equal where two configs
        compute the same."""
        return self

    def effective(self) -> dict[str, Any]:
        """The options of `normal` as plain JSON values, without those of `later` that are at their defaults."""
        plain, defaults = (config.model_dump(mode="json") for config in (self.normal(), type(self)()))
        return {name: value for name, value in plain.items() if name not in self.later or value != defaults[name]}

    @classmethod
    def complete(cls, options: Mapping[str, Any]) -> dict[str, Any]:
        """The options of a specification with those that `effective` left out."""
        defaults = cls().model_dump(mode="json")
        return {name: defaults[name] for name in defaults if name in cls.later} | dict(options)

    def check(self, source: ModelInfo, target: ModelInfo) -> None:
        """UsageError where it cannot be used between these networks."""

    def phases(self, run: RunSpec, data: PhaseData) -> tuple[ArtefactSpec, ...]:
        """What is to be made before this run, its artefacts not yet named in `run`. UsageError where it cannot be."""
        return ()

    def observed(self, source: ModelInfo, target: ModelInfo) -> dict[str, Shape]:
        """Shapes of the weights that `Method.observe` shows of one image, by name ("gamma[14-2]")."""
        return {}


def lacks(entry: object) -> str:
    """Why a plug-in's object is no method, in words; "" where it is one."""
    if not (isinstance(entry, type) and issubclass(entry, MethodConfig)):
        return "is no subclass of l2t.methods.base.MethodConfig"
    missing = [name for name in ("summary", "paper", "loss", "implementation") if not hasattr(entry, name)]
    if missing:
        return f"has no {', '.join(missing)}"
    wanting = [name for name, option in entry.model_fields.items() if option.is_required()]
    return f"has options without a default: {', '.join(wanting)}" if wanting else ""
