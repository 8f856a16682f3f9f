"""Shell completion of names: methods, models, data sets, recipes, source networks. Loads none of what it names, and the
registries only when they are asked."""

from pathlib import Path
from typing import TYPE_CHECKING

from cli.completion_runs import from_store, last_entry

if TYPE_CHECKING:
    from l2t.store.store import Store


def complete_methods(incomplete: str) -> list[str]:
    from l2t.methods.registry import methods

    return last_entry(incomplete, methods)


def complete_models(incomplete: str) -> list[str]:
    from l2t.models.registry import models

    return last_entry(incomplete, models)


def complete_datasets(incomplete: str) -> list[str]:
    from l2t.data.registry import datasets

    return last_entry(incomplete, [*datasets, "folder:"])


def complete_recipes(incomplete: str) -> list[str]:
    from l2t.spec.recipe_file import BUILTIN

    folder = Path(incomplete) if incomplete.endswith("/") else Path(incomplete).parent
    files = [str(path) for path in sorted(folder.glob("*.toml"))]
    return [name for name in (*BUILTIN, *files) if name.startswith(incomplete)]


def complete_pairs(incomplete: str) -> list[str]:
    return last_entry(incomplete, ("all", "one-to-one", "single"))


def complete_sources(incomplete: str) -> list[str]:
    def names(store: "Store") -> list[str]:
        return [row.name for row in store.artefacts() if row.kind == "source"]

    from l2t.models.imagenet.weights import IMAGENET

    return last_entry(incomplete, dict.fromkeys([*from_store(names), *IMAGENET]))
