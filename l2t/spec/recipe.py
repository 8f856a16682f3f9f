"""Recipes: named sets of values that a sweep starts from, written in TOML (`thesis`, `demo`, your own file).

title = "What it is for"
methods = ["scratch", "l2tww"]
datasets = ["digits"]
shots = [5, 10]
seeds = 30                # or "0-29", or [3, 7]
target = "vgg9"
source = "my-source"      # a stored source network, or a [source] table: one that is trained where it is missing

[train]                   # any field of TrainSettings; a list of values is a sweep
[data]                    # any field of DataSettings
[method]                  # options of every method that has them
[method.l2tww]            # options of one method

[[sweep]]                 # each block is a sweep of its own; what it leaves out is taken from above
methods = ["l2tww"]
shots = [100]
trace = ["features.0.weight[4,2,2,0]"]
data = { rare_class = 0 }
"""

from typing import Annotated, Any

from annotated_types import Ge, Len, Lt
from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, StringConstraints, Tag

from l2t.errors import UsageError
from l2t.spec.base import Model
from l2t.spec.trace import parse
from l2t.spec.values import read_seeds

Shots = Annotated[int, Ge(1)]
Seed = Annotated[int, Ge(0), Lt(10**18)]
"""As large as the command line reads them and the store keeps them."""
Table = dict[str, Any]
SOURCE_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""Names of source networks: no comma (which separates them in lists) and nothing that a shell or a path minds."""


def _seeds(value: Any) -> Any:
    """A count or a text as the command line writes it becomes the list of seeds."""
    if isinstance(value, (int, str)) and not isinstance(value, bool):
        try:
            return read_seeds(str(value))
        except UsageError as error:
            raise ValueError(str(error)) from None
    return tuple(value) if isinstance(value, list) else value


def _each_once(seeds: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(seeds))


def _trace(text: str) -> str:
    try:
        parse(text)
    except UsageError as error:
        raise ValueError(str(error)) from None
    return text


class SourceTable(Model):
    """A source network that is trained before the runs where the store has none like it."""

    name: Annotated[str, StringConstraints(pattern=SOURCE_NAME)]
    """Name it is shown under and asked for with: letters, digits, dots, dashes and underscores."""
    dataset: str
    """Data set it is trained on."""
    model: str
    """Architecture, a name of the model registry."""
    seed: Seed = 0
    train: Table = Field(default_factory=dict)
    """Fields of TrainSettings, one value each."""
    data: Table = Field(default_factory=dict)
    """Fields of DataSettings, one value each."""


Source = Annotated[
    Annotated[str, Tag("name")] | Annotated[SourceTable, Tag("table")],
    Discriminator(lambda value: "table" if isinstance(value, (dict, SourceTable)) else "name"),
]


class SweepTable(Model):
    """One `[[sweep]]` block; None and {}: what the recipe says above its blocks."""

    methods: Annotated[tuple[str, ...], Len(1)] | None = None
    datasets: Annotated[tuple[str, ...], Len(1)] | None = None
    shots: Annotated[tuple[Shots, ...], Len(1)] | None = None
    train: Table = Field(default_factory=dict)
    data: Table = Field(default_factory=dict)
    method: Table = Field(default_factory=dict)
    trace: tuple[Annotated[str, AfterValidator(_trace)], ...] = ()
    """Tensor elements recorded every epoch."""


class Recipe(Model):
    """A recipe as its file has it, names and settings checked."""

    name: str
    """`thesis`, `demo` or the file's stem."""
    title: str = ""
    """What it is for, one line."""
    methods: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    """Names of the data set registry, or `folder:PATH`."""
    shots: tuple[Shots, ...] = ()
    seeds: Annotated[tuple[Seed, ...], BeforeValidator(_seeds), AfterValidator(_each_once)] = ()
    source: Source | None = None
    """Source network of all methods that use one."""
    target: str = "vgg9"
    train: Table = Field(default_factory=dict)
    data: Table = Field(default_factory=dict)
    method: Table = Field(default_factory=dict)
    sweep: tuple[SweepTable, ...] = ()
