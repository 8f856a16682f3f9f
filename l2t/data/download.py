"""Downloading an official archive: with progress, resume and checksum. What lies under the final name is whole."""

import hashlib
import http.client
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path

from l2t.data.base import Progress
from l2t.errors import DataError
from l2t.store.files import PartialFile

CHUNK = 1 << 18
TIMEOUT = 30
"""Seconds without a byte after which a connection counts as lost."""


class _Lost(Exception):  # noqa: N818 - becomes a DataError, or a second attempt
    """The server could not be reached, refused, or went away before the end."""


def download(url: str, path: Path, checksum: str, progress: Progress, kind: str = "md5") -> None:
    """Fetch `url` to `path`; a part that an earlier attempt left is continued, a lost connection is taken up again.

    checksum: hexadecimal, or its first digits where no more are published; kind: what hashlib calls it.
    DataError, naming the file, its checksum and the folder it belongs in, where the server cannot be reached, a
    connection brings nothing, or the checksum is wrong (the part is then deleted). OSError where writing fails.
    """
    with PartialFile(path) as file:
        if path.exists():
            file.discard()
            return
        whole = False
        while not whole:
            before = file.size
            try:
                _receive(url, file, progress)
                whole = True
            except _Lost as lost:
                if file.size > before:
                    continue
                if not file.size:
                    file.discard()
                raise DataError(
                    f"{path.name} cannot be downloaded from {url} ({lost}). Get the file elsewhere ({kind} {checksum}) "
                    f"and put it into {path.parent}"
                ) from lost
        found = file_digest(file.part, progress, kind)[: len(checksum)]
        if found != checksum:
            file.discard()
            raise DataError(f"{url} gave another file: its {kind} is {found}, not {checksum}. The download was deleted")
        file.finish()


def file_digest(path: Path, progress: Progress, kind: str = "md5") -> str:
    """Checksum of a file's content, hexadecimal. kind: what hashlib calls it."""
    digest = hashlib.new(kind, usedforsecurity=False)
    total = path.stat().st_size
    done = 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 22):
            digest.update(chunk)
            progress(f"verify {path.name}", done := done + len(chunk), total)
    return digest.hexdigest()


def _receive(url: str, file: PartialFile, progress: Progress) -> None:
    """One connection: append what is missing, or everything where the server cannot continue a part."""
    headers = {"Range": f"bytes={file.size}-"} if file.size else {}
    try:
        response = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                return  # the part is as long as the file, or wrong: the checksum tells
            raise _Lost(str(error)) from error
    except (OSError, http.client.HTTPException) as error:
        raise _Lost(str(getattr(error, "reason", error))) from error
    with response:
        if not response.headers.get("Content-Range", "").startswith(f"bytes {file.size}-"):
            file.clear()
        length = response.headers.get("Content-Length")
        total = file.size + int(length) if length else 0
        while chunk := _next_chunk(response):
            file.append(chunk)
            progress(f"download {file.path.name}", file.size, total)
    if file.size < total:
        raise _Lost(f"the connection ended after {file.size} of {total} bytes")


def _next_chunk(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _Lost(str(error)) from error
