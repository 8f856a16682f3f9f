"""Shell completion of names: methods, models, data sets, recipes, source networks. Loads none of what it names."""

from collections.abc import Iterable
from pathlib import Path

from l2t import paths
from l2t.data.registry import datasets
from l2t.errors import L2tError
from l2t.methods.registry import methods
from l2t.models.registry import models
from l2t.spec.recipe_file import BUILTIN


def _last_entry(incomplete: str, names: Iterable[str]) -> list[str]:
    """`incomplete` with its last entry completed by each name that fits: `scratch,u` → `scratch,ufm`."""
    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in names if name.startswith(last)]


def complete_methods(incomplete: str) -> list[str]:
    return _last_entry(incomplete, methods)


def complete_models(incomplete: str) -> list[str]:
    return _last_entry(incomplete, models)


def complete_datasets(incomplete: str) -> list[str]:
    return _last_entry(incomplete, [*datasets, "folder:"])


def complete_recipes(incomplete: str) -> list[str]:
    folder = Path(incomplete) if incomplete.endswith("/") else Path(incomplete).parent
    files = [str(path) for path in sorted(folder.glob("*.toml"))]
    return [name for name in (*BUILTIN, *files) if name.startswith(incomplete)]


def complete_sources(incomplete: str) -> list[str]:
    from l2t.store.store import Store

    try:
        with Store.read(paths.home()) as store:
            names = [row.name for row in store.artefacts() if row.kind == "source"]
    except L2tError:
        return []
    return _last_entry(incomplete, dict.fromkeys(names))
