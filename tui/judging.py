"""Statistics for the Matrix: kept in the store, else computed by a process of their own, which imports scipy."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from l2t.errors import StoreError
from l2t.report.judged import Judged
from l2t.store.database import NAME
from l2t.store.rows import CellRow
from l2t.store.store import Store

VERSION = "1"
"""Another one when the statistics or their form change: what was kept is of no use then."""
SECONDS = 120.0
"""After which the computation is given up."""


@dataclass(frozen=True)
class Judgement:
    """What statistics say of all cells."""

    key: str
    """Of the results that they are about."""
    cells: Mapping[tuple[tuple[str, str | None, str], str], Judged]
    """By table and cell."""
    problem: str | None = None


def key_of(cells: Iterable[CellRow]) -> str:
    """Another text for other results."""
    digests = "\n".join(sorted(cell.digest for cell in cells))
    text = f"{VERSION}\n{digests}"
    return f"cells:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def judge(home: Path, key: str, keep: bool) -> Judgement:
    """The statistics kept under this key, else computed now and kept. Takes seconds: not for a thread that draws."""
    with suppress(StoreError, ValueError, TypeError, KeyError), Store.read(home) as store:
        kept = store.summary(key)
        if kept is not None:
            return Judgement(key, _read(kept))
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "l2t.report.summarise", str(home)],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=SECONDS,
            check=False,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        found = json.loads(done.stdout)
        if "error" in found:
            return Judgement(key, {}, f"no statistics: {found['error']}")
        text = json.dumps(found)
        cells = _read(text)
    except (OSError, subprocess.SubprocessError, ValueError, TypeError, KeyError) as error:
        return Judgement(key, {}, f"no statistics: their process ended without an answer ({type(error).__name__})")
    if keep and (home / NAME).exists():  # it may have gone meanwhile: nothing is made anew
        with suppress(StoreError), Store.open(home) as store:
            store.keep_summary(key, text)
    return Judgement(key, cells)


def _read(text: str) -> dict[tuple[tuple[str, str | None, str], str], Judged]:
    found = {}
    for each in json.loads(text)["cells"]:
        target, source, training = each.pop("table")
        judged = Judged(table=(target, source, training), **each)
        found[judged.table, judged.cell] = judged
    return found
