"""What the fields of a new sweep take: names with what they are, options with their help.

Imports pydantic and numpy: for threads of a form that is open.
"""

from collections.abc import Iterator, Mapping, Sequence

from l2t.data import catalog
from l2t.errors import L2tError
from l2t.jobs.inventory import PUBLISHED
from l2t.methods.registry import methods
from l2t.models.imagenet.weights import IMAGENET
from l2t.models.registry import models
from l2t.printable import printable
from l2t.spec.base import Model
from l2t.spec.describe import Option, describe
from l2t.spec.recipe import Recipe, SourceTable
from l2t.spec.recipe_file import BUILTIN, read_recipe
from l2t.spec.settings import DataSettings, TrainSettings
from l2t.spec.values import read_toml_values
from l2t.store.state import State
from l2t.store.store import Store
from l2t.words import percent
from tui.sweep import Choice


def named_choices() -> dict[str, tuple[Choice, ...]]:
    """The names that fields take wherever one is, by field."""
    return {
        "recipe": tuple(Choice(name, title := read_recipe(name).title, f"{name}: {title}") for name in BUILTIN),
        "method": tuple(
            Choice(name, config.summary, f"{name}: {config.summary}. Paper: {config.paper}")
            for name, config in methods.items()
        ),
        "dataset": tuple(_datasets()),
        "target": tuple(
            Choice(name, f"{info.title}, {info.summary}", f"{name}: {info.title}, {info.summary}")
            for name, info in models.items()
        ),
    }


def _datasets() -> Iterator[Choice]:
    try:
        known = catalog.known()
    except L2tError:  # the data folder cannot be read: the dry run says so
        return
    for each in known:
        state = each.problem or (f"downloaded first: {each.missing}" if each.missing else "")
        words = printable(f"{'to download, ' if each.missing else ''}{each.summary}")
        yield Choice(each.name, words, printable(f"{each.title}: {each.summary}. {state}".strip()))


def source_choices(store: Store) -> tuple[Choice, ...]:
    """The source networks of this home, and those that can be had: the newest of a name by its name, older ones by
    their hash."""
    return tuple(_sources(store))


def _sources(store: Store) -> Iterator[Choice]:
    seen = set()
    for row in store.artefacts():
        if row.kind != "source":
            continue
        words = f"{row.model}, {row.dataset or row.origin}, {percent(row.accuracy)} %"
        name = row.hash[:12] if row.name in seen else row.name
        seen.add(row.name)
        yield Choice(name, printable(words), printable(f"{row.name} ({row.hash}): {words}, {row.outputs} classes"))
    for job in store.sources():
        if job.state is not State.DONE and job.name not in seen:
            seen.add(job.name)
            yield Choice(job.name, f"{job.state} {job.epoch}/{job.epochs}", printable(job.message or ""))
    demo = read_recipe("demo").source
    if isinstance(demo, SourceTable) and demo.name not in seen:
        words = f"{demo.model} on {demo.dataset}, trained first"
        yield Choice(demo.name, words, f"{demo.name}: {words}, without being asked for")
    if PUBLISHED not in seen:
        how = f"l2t source import FILE --name {PUBLISHED}"
        yield Choice(PUBLISHED, "to import: the published one", f"The published checkpoint, not here yet: {how}")
    for name, published in IMAGENET.items():
        if name not in seen:
            yield Choice(name, f"ImageNet, {published.how}", f"{name}: ImageNet weights, {published.how}")


def option_choices(asked: Sequence[str], recipe: Recipe) -> tuple[Choice, ...]:
    """The options of the methods, and the settings of training and data, each with its default, its values and help."""
    found: dict[str, tuple[Option, list[str]]] = {}
    for method in asked:
        for option in describe(methods.get(method)):
            found.setdefault(option.name, (option, []))[1].append(method)
    given = {key: value for key, value in recipe.method.items() if not isinstance(value, dict)}
    choices = [
        _option("method", methods.get(having[0]), option, given, "" if having == list(asked) else _of(having))
        for option, having in found.values()
    ]
    sections: tuple[tuple[str, type[Model], Mapping[str, object]], ...] = (
        ("train", TrainSettings, recipe.train),
        ("data", DataSettings, recipe.data),
    )
    for section, model, values in sections:
        choices += [_option(section, model, option, values, "") for option in describe(model)]
    return tuple(choices)


def _of(having: Sequence[str]) -> str:
    return f" Option of {', '.join(having)}."


def _option(section: str, model: type[Model], option: Option, given: Mapping[str, object], more: str) -> Choice:
    now = default = written(option.default)
    here = ""
    if option.name in given:
        now = swept(model, option.name, given[option.name])
        here = f", the recipe's {now}"
    return Choice(
        f"{section}.{option.name}=",
        f"{now}   {option.type}",
        f"{section}.{option.name} = {default}{here}    ({option.type}) {option.help}{more}",
        _values(option.type),
    )


def _values(kind: str) -> tuple[str, ...]:
    """The words that an option takes, of the words for its type."""
    if kind.startswith("yes or no"):
        return ("true", "false")
    if " | " in kind and not kind.startswith(("number", "whole number", "text", "list of")):
        return tuple(kind.split(" | "))
    return ()


def swept(model: type[Model], key: str, value: object) -> str:
    """The values that a recipe gives to a field, as `--set` takes them."""
    return ",".join(map(written, read_toml_values(model, key, value)))


def written(value: object) -> str:
    """One value, as `--set` takes it."""
    if isinstance(value, (list, tuple)):
        return "+".join(map(written, value)) or "none"
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
