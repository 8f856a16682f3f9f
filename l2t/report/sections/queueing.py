"""From cells back to `l2t run`: the lines that ask for more seeds of them, and for nothing else.

A line is read and expanded here as `l2t run` would, and is given only where it comes to exactly the cells it is for.
"""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from l2t import ENGINE
from l2t.data.registry import resolve
from l2t.errors import L2tError, UsageError
from l2t.methods.registry import methods
from l2t.printable import printable
from l2t.registry import check_packages
from l2t.spec import RunSpec
from l2t.spec.recipe import Recipe
from l2t.spec.recipe_file import BUILTIN, read_recipe
from l2t.spec.request import SweepRequest, default_recipe
from l2t.spec.sweep import expand
from l2t.spec.values import read_setting, split, write_seeds


@dataclass(frozen=True)
class Line:
    """Options of one `l2t run`."""

    members: tuple[RunSpec, ...]
    """A run of each cell that it is for."""
    seeds: tuple[int, ...]
    recipe: Recipe
    target: str
    device: str
    source: str | None
    """Hash of the source network; None where no method uses one."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What `--set` says, by name ("method.beta")."""
    trace: tuple[str, ...] = ()

    def axis(self, name: str) -> tuple[Any, ...]:
        """The methods, data sets or shots of its cells, each once."""
        return tuple(dict.fromkeys(getattr(spec, name) for spec in self.members))

    @property
    def request(self) -> SweepRequest:
        """What `l2t run` makes of its options, of one seed."""
        return SweepRequest(
            recipe=self.recipe,
            methods=self.axis("method"),
            datasets=self.axis("dataset"),
            shots=self.axis("shots"),
            seeds=(0,),
            sources=() if self.source is None else (self.source,),
            targets=(self.target,),
            settings=tuple(read_setting(f"{name}={text}") for name, text in self.settings.items()),
            trace=self.trace,
        )

    @property
    def text(self) -> str:
        """The command line."""
        words = ["l2t", "run", "--method", ",".join(self.axis("method")), "--dataset", ",".join(self.axis("dataset"))]
        words += ["--shots", ",".join(map(str, self.axis("shots"))), "--seeds", write_seeds(self.seeds)]
        words += ["--source", self.source] if self.source is not None else []
        words += ["--target", self.target] if self.target != self.recipe.target else []
        words += ["--recipe", self.recipe.name] if self.recipe != default_recipe(self.axis("dataset")) else []
        for name, value in self.settings.items():
            words += ["--set", f"{name}={value}"]
        words += ["--trace", ",".join(self.trace)] if self.trace else []
        return shlex.join([*words, "--device", self.device])

    def cells(self) -> Iterator[str]:
        """The cells that it comes to."""
        sources = {spec.source.hash: spec.source for spec in self.members if spec.source is not None}
        first = {spec.dataset: spec for spec in self.members}
        for point in expand(self.request):
            own = resolve(point.dataset)
            data = point.settings.data
            padding = own.padding if data.padding is None else data.padding
            flip = own.flip if data.flip is None else data.flip
            yield (
                first[point.dataset]
                .model_copy(
                    update={
                        "method": point.method,
                        "options": point.settings.options,
                        "shots": point.shots,
                        "source": None if point.source is None else sources[str(point.source)],
                        "target": point.target,
                        "train": point.settings.train,
                        "data": data.model_copy(update={"padding": padding, "flip": flip}),
                        "engine": ENGINE,
                    }
                )
                .cell
            )

    def exact(self) -> bool:
        """Whether it comes to its cells and to no other."""
        return sorted(self.cells()) == sorted(spec.cell for spec in self.members)


def lines(wanted: Iterable[tuple[RunSpec, tuple[int, ...]]]) -> tuple[list[str], dict[str, str]]:
    """The command lines that queue these seeds of these cells, as few as go without asking for more; and why there is
    none, by cell, for those that cannot be asked for.

    Source networks are named by hash: a name may be another network's by now.
    """
    single, refused = [], {}
    for spec, seeds in wanted:
        try:
            single.append(_line(spec, seeds))
        except L2tError as error:
            refused[spec.cell] = str(error)
    return [line.text for line in _merged(single)], refused


def _line(spec: RunSpec, seeds: tuple[int, ...]) -> Line:
    if spec.engine != ENGINE:
        raise UsageError(f"its runs are of engine {spec.engine}, new ones would be of engine {ENGINE}")
    check_packages(spec.packages)
    recipe = read_recipe(spec.recipe) if spec.recipe in BUILTIN else default_recipe((spec.dataset,))
    source = spec.source.hash if spec.source is not None else None
    line = Line((spec,), seeds, recipe, spec.target, spec.device, source)
    complete = methods.get(spec.method).complete  # a recipe may set what is left out at its default
    wanted = _settings(complete(spec.options), spec.train.model_dump(mode="json"), spec.data.model_dump(mode="json"))
    own = {"data.padding": resolve(spec.dataset).padding, "data.flip": resolve(spec.dataset).flip}
    while True:  # what one option says may decide what others come to
        missing: dict[str, str] = {}
        traced = True
        for point in expand(line.request):
            found = point.settings
            given = _settings(
                complete(found.options), found.train.model_dump(mode="json"), found.data.model_dump(mode="json")
            )
            given |= {name: value for name, value in own.items() if given[name] is None}
            missing |= {name: _written(value) for name, value in wanted.items() if given.get(name) != value}
            traced = traced and set(spec.trace) <= set(point.trace)
        if traced and missing.keys() <= line.settings.keys():
            break
        line = replace(line, settings={**line.settings, **missing}, trace=() if traced else spec.trace)
    if split(spec.dataset, "--dataset") != (spec.dataset,) or printable(line.text) != line.text:
        raise UsageError("the name of its folder cannot be written in a list")
    if not line.exact():
        raise UsageError("its settings cannot be asked for as they were")
    return line


def _settings(*sections: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the method's, the training's and the data's settings, by the names of `--set`."""
    named = zip(("method", "train", "data"), sections, strict=True)
    return {f"{section}.{key}": value for section, values in named for key, value in values.items()}


def _written(value: Any) -> str:
    """A value as `--set` reads it."""
    if isinstance(value, (list, tuple)):
        return "+".join(map(_written, value)) or "none"
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def _merged(found: Sequence[Line]) -> list[Line]:
    """As few lines as joining two at a time comes to."""
    merged: list[Line] = []
    for line in found:
        for index, other in enumerate(merged):
            joined = _joined(other, line)
            if joined is not None:
                merged[index] = joined
                break
        else:
            merged.append(line)
    return merged if len(merged) == len(found) else _merged(merged)


def _joined(one: Line, other: Line) -> Line | None:
    """The line that does what both do, where there is one."""
    common = [(line.seeds, line.recipe, line.target, line.device, line.trace) for line in (one, other)]
    sources = {line.source for line in (one, other)} - {None}
    if common[0] != common[1] or len(sources) > 1:
        return None
    if any(one.settings.get(name, text) != text for name, text in other.settings.items()):
        return None
    settings = {**one.settings, **other.settings}
    source = sources.pop() if sources else None
    joined = replace(one, members=(*one.members, *other.members), settings=settings, source=source)
    product = len(joined.axis("method")) * len(joined.axis("dataset")) * len(joined.axis("shots"))
    return joined if product == len(joined.members) and joined.exact() else None
