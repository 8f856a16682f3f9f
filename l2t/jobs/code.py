"""Whether the installed code is still the one that this process runs."""

from collections.abc import Sequence
from pathlib import Path

import l2t

PACKAGE = Path(l2t.__file__).parent

Stamp = Sequence[tuple[str, int, int]]


def stamp(folder: Path = PACKAGE) -> Stamp:
    """Name, time of the last change and size of every module: equal as long as nothing was installed or edited."""
    found = []
    for path in sorted(folder.rglob("*.py")):
        try:
            status = path.stat()
        except FileNotFoundError:  # an installation goes on
            continue
        found.append((str(path), status.st_mtime_ns, status.st_size))
    return found
