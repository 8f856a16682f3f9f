"""Errors that a face shows as one line: what is wrong, where, and what to do."""

import difflib
from collections.abc import Iterable

from l2t.printable import printable


class L2tError(Exception):
    """Base of every error whose text is meant for the user, without a traceback.

    The text is one printable line, whatever it quotes.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class UsageError(L2tError):
    """The request cannot be met as it stands (unknown name, too many shots, …): exit code 2."""


class DataError(L2tError):
    """A file or archive is missing, corrupt or refused: exit code 2."""


class StoreError(L2tError):
    """The home cannot be read or written (newer version, full disk, damaged database): exit code 2."""


class DiskError(StoreError):
    """The disk is full, read-only or failing. Whoever works on the queue waits until it is not."""


class DivergedError(L2tError):
    """A loss or parameter stopped being finite. The run ends as failed, reason `diverged`."""


def unknown(kind: str, name: str, known: Iterable[str], where: str) -> UsageError:
    """The error for a name that no registry has, with the nearest match.

    kind: what was looked for ("method"); known: all names; where: the command that lists them.
    """
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]}?" if near else ""
    return UsageError(f'no {kind} "{name}".{hint} ({where} lists all)')
