"""The data sets, by name; `folder:PATH` names a user's own."""

from pathlib import Path

from l2t.data.base import DataSet
from l2t.errors import UsageError
from l2t.registry import Registry

FOLDER = "folder:"

datasets: Registry[type[DataSet]] = Registry(
    "data set",
    {
        "digits": "l2t.data.digits:Digits",
        "glyphs": "l2t.data.glyphs:Glyphs",
        "cifar10": "l2t.data.cifar:Cifar10",
        "cifar100": "l2t.data.cifar:Cifar100",
        "stl10": "l2t.data.stl10:Stl10",
        "tinyimagenet": "l2t.data.tinyimagenet:TinyImageNet",
    },
    listing="l2t data list",
    lacks="l2t.data.base:lacks",
)


def canonical(name: str) -> str:
    """The name under which a data set is stored: folders by absolute path, others as they are.

    UsageError for an unknown name, with the nearest match.
    """
    if name.startswith(FOLDER):
        path = name.removeprefix(FOLDER)
        if not path or not path.isprintable():
            raise UsageError(f"{name!r} names no folder: folder:PATH, where PATH holds train/CLASS/ and test/CLASS/")
        return FOLDER + str(Path(path).expanduser().resolve())
    datasets.get(name)
    return name


def resolve(name: str) -> DataSet:
    """The data set called `name` (canonical or not)."""
    name = canonical(name)
    if name.startswith(FOLDER):
        from l2t.data.folder import Folder

        return Folder(Path(name.removeprefix(FOLDER)))
    return datasets.get(name)()
