"""Which code, on which machine, made the runs of a report: read from the `env.json` of each, which alone knows it.

A copy of a dirty checkout's changes, up to 200 kB, stands in the middle of the file. It is skipped: ten thousand files
are read in half a second, from the system's cache.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from l2t.store.files import read_json
from l2t.store.folder import JobFolder

SMALL = 1 << 14
"""Bytes of a file that is read whole."""
HEAD, TAIL = 1 << 12, 1 << 13
"""Bytes read of a larger one, before and behind the changes."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What a run's `env.json` says of its code and machine. None: it does not say."""

    version: str | None
    """Of l2t."""
    code: str | None
    """Hash of l2t's modules: equal code, equal hash (see `l2t.jobs.provenance`)."""
    commit: str | None
    dirty: bool | None
    """Whether the code differs from the commit."""
    torch: str | None
    device: str | None
    """Model of the processor or GPU."""
    host: str | None
    fingerprint: str
    """What decides bits, as canonical JSON: on an equal one a run is the same."""
    plug_ins: tuple[tuple[str, str], ...]
    """Name of each third party's package that computed it, and a hash of its modules."""


@dataclass(frozen=True)
class Found:
    """What the folders of runs said."""

    environments: Mapping[str, Environment]
    """By the id of the run."""
    weights: Mapping[str, str]
    """Hash of the source network's weights, by the id of the run; left out where there is none."""
    missing: tuple[str, ...]
    """Ids of runs without an `env.json`."""
    damaged: tuple[str, ...]
    """Ids of runs whose `env.json` cannot be read, or is none."""


def environments(home: Path, runs: Iterable[str]) -> Found:
    """Of each run, by id, what it was computed with."""
    known: dict[str, Environment] = {}
    weights: dict[str, str] = {}
    missing, damaged = [], []
    any_env = JobFolder.of(home, "run", "ID").env  # the paths of a job's eleven files take longer than reading this one
    folder, name = str(any_env.parent.parent), any_env.name
    for run in runs:
        try:
            values = _read(f"{folder}/{run}/{name}")
            environment, digests = _environment(values), [*filter(_text, (values.get("source_weights") or {}).values())]
        except (FileNotFoundError, NotADirectoryError):
            missing.append(run)
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            damaged.append(run)
        else:
            known[run] = environment
            weights |= {run: digests[0]} if digests else {}
    return Found(known, weights, tuple(missing), tuple(damaged))


def _read(path: str) -> dict[str, Any]:
    """The contents of the file, of a large one without the changes that are in it. ValueError where it is no object."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(descriptor).st_size
        data = os.read(descriptor, HEAD if size > SMALL else SMALL)
        tail = os.pread(descriptor, TAIL, size - TAIL) if size > SMALL else b""
    finally:
        os.close(descriptor)
    if tail:
        before, found, _ = data.partition(b',\n  "diff": ')
        _, also, behind = tail.rpartition(b'\n "fingerprint": ')
        if not (found and also):
            whole = read_json(Path(path))
            if whole is None:
                raise ValueError(path)
            return whole
        return _head(before + b"\n }\n}") | _object(b'{\n "fingerprint": ' + behind)
    return _object(data)


@lru_cache(maxsize=64)
def _head(data: bytes) -> dict[str, Any]:
    """The same for all runs of one process."""
    return _object(data)


def _object(data: bytes) -> dict[str, Any]:
    value = json.loads(data)
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def _environment(values: Mapping[str, Any]) -> Environment:
    tree, fingerprint = values.get("source_tree") or {}, values.get("fingerprint") or {}
    packages = values.get("packages") or {}
    return Environment(
        version=_text(packages.get("l2t")),
        code=_text(values.get("code")),
        commit=_text(tree.get("commit")),
        dirty=tree["dirty"] if isinstance(tree.get("dirty"), bool) else None,
        torch=_text(fingerprint.get("torch") or packages.get("torch")),
        device=_text(fingerprint.get("gpu") or fingerprint.get("cpu")),
        host=_text(values.get("host")),
        fingerprint=json.dumps(fingerprint, sort_keys=True),
        plug_ins=tuple((name, str(code)) for name, code in sorted((values.get("plug_ins") or {}).items())),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
