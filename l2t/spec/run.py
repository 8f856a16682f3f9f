"""A run's specification and its identity.

A run is a pure function of its `RunSpec`; `RunSpec.id` is the content hash under which its result is stored, so that
asking twice does not run twice.
"""

from functools import cached_property, lru_cache
from operator import not_
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge
from pydantic import Field
from pydantic_core import PydanticSerializationError

from l2t import ENGINE
from l2t.spec.base import Model, canonical, content_hash, text_hash
from l2t.spec.settings import DataSettings, TrainSettings

Device = Literal["cpu", "cuda"]

Packages = Annotated[dict[str, str], Field(default_factory=dict, exclude_if=not_)]
"""Third parties' packages whose code computes it, name → version: their engine numbers. Without any it is left out."""


class SourceRef(Model):
    """The source network a run imitates: a stored artefact, named by its hash."""

    hash: str
    """Content hash of the artefact: of its training for a trained source, of its weights for an imported one."""
    name: str
    """Name it is shown under."""
    model: str
    """Architecture, a name of the model registry."""
    outputs: Annotated[int, Ge(2)]
    """Classes of its linear layer."""


class ArtefactRef(Model):
    """What a phase of the run's method makes before the run: an artefact, named by its hash."""

    phase: str
    """A name of the phase registry."""
    name: str
    """Name it is shown under."""
    hash: str
    """Content hash of its making."""
    shared: str
    """The same without the run's seed: equal for all runs of a cell."""


class RunSpec(Model):
    """One training, fully resolved: no default is left to be chosen later."""

    kind: ClassVar[str] = "run"

    method: str
    """Transfer method, a name of the method registry."""
    options: dict[str, Any]
    """All options of the method, as its Config has them."""
    dataset: str
    """Target data set: a registry name or `folder:PATH`."""
    checksum: str
    """Checksum of the data set's archive or images."""
    classes: Annotated[int, Ge(2)]
    """Number of classes of the target data set."""
    shots: Annotated[int, Ge(1)]
    """Training images of each class."""
    seed: Annotated[int, Ge(0)]
    """Seed of all named streams of randomness."""
    source: SourceRef | None
    """Source network; None for methods that use none."""
    artefacts: tuple[ArtefactRef, ...] = ()
    """What the phases of the method make before the run."""
    target: str
    """Target architecture, a name of the model registry."""
    train: TrainSettings
    data: DataSettings
    device: Device = "cpu"
    """Kind of device: results are reproducible on one kind only."""
    recipe: str = ""
    """Recipe it was asked for with; not part of the identity."""
    trace: tuple[str, ...] = ()
    """Tensor elements recorded every epoch (`features.0.weight[4,2,2,0]`); not part of the identity."""
    engine: int = ENGINE
    packages: Packages

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What the result depends on, as plain JSON values."""
        plain = self.model_dump(mode="json", exclude={"recipe", "trace", "artefacts"})
        rare = self.data.rare_class is not None
        plain["data"]["rare_images"] = min(self.data.rare_images, self.shots) if rare else _default("rare_images")
        if self.dataset.startswith("folder:"):
            plain["dataset"] = "folder"
        plain["source"] = None if self.source is None else self.source.hash
        # Runs of methods without phases keep the identity that they had before there were any.
        made = {ref.phase: ref.shared for ref in self.artefacts}
        plain |= {"artefacts": made} if made else {}
        return plain

    @cached_property
    def json_text(self) -> str:
        """All fields as JSON. pydantic's ValueError for a path with bytes that are no text, which no store takes."""
        return self.model_dump_json()

    @cached_property
    def id(self) -> str:
        """Content hash of the identity: the run's name on disk."""
        before, after, _ = self._around_seed
        return text_hash(f'{before}"seed":{self.seed},{after}')

    @property
    def cell(self) -> str:
        """Content hash of the identity without the seed: runs of one cell differ only in seed."""
        return self._around_seed[2]

    @cached_property
    def _around_seed(self) -> tuple[str, str, str]:
        try:
            return _around_seed(*_parted(self.json_text, self.seed))
        except PydanticSerializationError:
            return _canonical_around_seed(self)

    @property
    def needs(self) -> tuple[str, ...]:
        """Hashes of the artefacts that must be there before it begins."""
        source = () if self.source is None else (self.source.hash,)
        return (*source, *(ref.hash for ref in self.artefacts))

    @property
    def name(self) -> str:
        """What a person calls the run: method, data set (of a folder its last part), shots, seed."""
        dataset = self.dataset.rstrip("/").rpartition("/")[2] if self.dataset.startswith("folder:") else self.dataset
        return f"{self.method} {dataset} {self.shots} shot{'s' * (self.shots > 1)} seed {self.seed}"


class SourceSpec(Model):
    """The training of a source network, fully resolved. Its hash names the artefact."""

    kind: ClassVar[str] = "source"
    needs: ClassVar[tuple[str, ...]] = ()

    name: str
    """Name it is shown under and asked for with; not part of the identity."""
    dataset: str
    """Data set it is trained on: a registry name or `folder:PATH`."""
    checksum: str
    classes: Annotated[int, Ge(2)]
    """Number of classes of the data set."""
    model: str
    """Architecture, a name of the model registry."""
    seed: Annotated[int, Ge(0)] = 0
    train: TrainSettings
    data: DataSettings
    device: Device = "cpu"
    engine: int = ENGINE
    packages: Packages

    @cached_property
    def identity(self) -> dict[str, Any]:
        plain = self.model_dump(mode="json", exclude={"name"})
        # It is trained on the whole set, alone: what is about subsets, validation and other methods has no effect.
        plain["train"] |= {name: _default(name) for name in ("pairing", "select")}
        plain["data"] |= {name: _default(name) for name in ("subset", "rare_class", "rare_images")}
        if self.dataset.startswith("folder:"):
            plain["dataset"] = "folder"
        return {"kind": "source"} | plain

    @cached_property
    def id(self) -> str:
        """Content hash of the identity: the artefact's name on disk."""
        return content_hash(self.identity)

    @property
    def ref(self) -> SourceRef:
        """How runs refer to the network this makes."""
        return SourceRef(hash=self.id, name=self.name, model=self.model, outputs=self.classes)


def _parted(text: str, seed: int) -> tuple[str, str]:
    """JSON of a run before and behind its seed. No text behind it holds the words: quotes in texts are escaped."""
    before, _, after = text.rpartition(f'"seed":{seed},')
    return before, after


@lru_cache(maxsize=1024)
def _around_seed(before: str, after: str) -> tuple[str, str, str]:
    """Of the runs whose JSON is this around their seed: the canonical JSON of their identity before and behind the
    seed, and its hash without it. Made once a cell: ten thousand runs are asked for in half a second.

    Oracle: `content_hash` of `identity` (tests/unit/spec/test_run.py).
    """
    return _canonical_around_seed(RunSpec.model_validate_json(f'{before}"seed":0,{after}'))


def _canonical_around_seed(run: RunSpec) -> tuple[str, str, str]:
    before, after = _parted(canonical(run.identity), run.seed)
    return before, after, text_hash(before + after)


def _default(name: str) -> Any:
    """The value that a setting without effect has in an identity."""
    return {**TrainSettings.model_fields, **DataSettings.model_fields}[name].default
