"""In which settings runs differ from the thesis's experiments, which are the defaults of every setting."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from l2t.errors import L2tError

ANYHOW = {
    *("dataset", "shots", "method", "checksum", "classes", "engine", "device", "source.hash"),
    *("train.threads", "train.eval_points", "train.eval_images", "train.select", "train.pairing"),
    "data.rare_class",
}
"""Settings that say which cell it is, that change no distribution of accuracies, or that the thesis does not give."""
FIXED = {
    "target": "vgg9",
    "source.model": "resnet32",
    "source.outputs": 200,
    "data.padding": 4,
    "data.flip": True,
}
"""What no default says."""


def deviations(cells: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Setting → the values that cells (flat specifications, `cells.settings_of`) have instead of the thesis's, and in
    brackets the thesis's: "20 (200)". Settings that are as there are left out."""
    found: dict[str, dict[str, str]] = {}
    for settings in cells:
        expected = _expected(settings["method"])
        for key, value in settings.items():
            if key not in ANYHOW and key in expected and value != expected[key]:
                found.setdefault(key, {})[str(value)] = str(expected[key])
    return {key: f"{', '.join(values)} ({', '.join(dict.fromkeys(values.values()))})" for key, values in found.items()}


def unofficial(dataset: str, checksums: Iterable[str]) -> list[str]:
    """Those of the checksums that are not the official archive's: images that were read from a folder, say. Empty for
    a data set without an archive."""
    from l2t.data.registry import datasets

    try:
        archive = getattr(datasets.get(dataset), "archive", None)
    except (L2tError, ImportError):
        return []
    return [] if archive is None else [one for one in dict.fromkeys(checksums) if one != f"md5:{archive.md5}"]


def _expected(method: str) -> dict[str, Any]:
    from l2t.methods.registry import methods
    from l2t.spec import DataSettings, TrainSettings

    expected = dict(_prefixed("train", TrainSettings().model_dump(mode="json")))
    expected |= _prefixed("data", DataSettings().model_dump(mode="json"))
    with suppress(L2tError, ImportError):
        expected |= _prefixed("method", methods.get(method)().model_dump(mode="json"))
    return expected | FIXED


def _prefixed(name: str, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((f"{name}.{key}", value) for key, value in values.items())
