"""Official archives in the data folder, or the folders that were unpacked from them: only named members are ever read.

A set read from its archive has the archive's md5 as checksum. One read from an unpacked folder has a checksum of the
contents of the files it uses, so the two are different data sets to a run's identity: keep the archive where results of
several machines are to be merged. Where both are there, the archive is read.
"""

import hashlib
import tarfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from l2t.data.base import Progress
from l2t.data.download import download, file_digest
from l2t.errors import DataError


@dataclass(frozen=True)
class Archive:
    """An archive, as its makers publish it."""

    url: str
    md5: str
    folder: str
    """Folder it unpacks to: every member's path begins with it."""

    @property
    def name(self) -> str:
        return self.url.rsplit("/", 1)[1]

    def missing(self, data: Path) -> str | None:
        """The archive's name where neither it nor its unpacked folder is in the data folder."""
        there = (data / self.name).exists() or (data / self.folder).is_dir()
        return None if there else self.name

    def file(self, data: Path) -> Path | None:
        """The archive, or None where the unpacked folder is read instead."""
        path = data / self.name
        return path if path.exists() else None

    def fetch(self, data: Path, progress: Progress) -> str | None:
        """Download what is missing and verify the archive. Returns `md5:…`; None where there is only the folder."""
        path = data / self.name
        if self.missing(data):
            download(self.url, path, self.md5, progress)
        elif self.file(data) is None:
            return None
        else:
            found = file_digest(path, progress)
            if found != self.md5:
                raise DataError(f"{path} is damaged or another file: its md5 is {found}, not {self.md5}. Replace it")
        return f"md5:{self.md5}"

    def read(self, data: Path, sizes: Mapping[str, int | None]) -> dict[str, bytes]:
        """The members with these names (below `folder`). sizes: bytes each must have, where that is fixed.

        For tar archives and folders; DataError names what is missing, damaged or of another size.
        """
        path = self.file(data)
        contents = self._read_folder(data, sizes) if path is None else self._read_tar(path, sizes)
        for name, size in sizes.items():
            if name not in contents:
                raise DataError(f"{path} has no file {self.folder}/{name}: it is damaged, replace it")
            if size is not None and len(contents[name]) != size:
                found = len(contents[name])
                raise DataError(
                    f"{self.folder}/{name} in {data} has {found} bytes, not {size}: it is damaged, replace it"
                )
        return contents

    def _read_folder(self, data: Path, names: Iterable[str]) -> dict[str, bytes]:
        return {name: read_file(data / self.folder / name) for name in names}

    def _read_tar(self, path: Path, names: Iterable[str]) -> dict[str, bytes]:
        wanted = {f"{self.folder}/{name}": name for name in names}
        contents: dict[str, bytes] = {}
        try:
            with tarfile.open(path) as tar:
                for member in tar:
                    name = wanted.get(member.name.removeprefix("./"))
                    if name is None or not member.isreg():
                        continue
                    file = tar.extractfile(member)
                    assert file is not None  # it is a regular file
                    contents[name] = file.read()
                    if len(contents) == len(wanted):
                        break
        except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
            raise DataError(f"{path} is damaged ({error}): replace it") from error
        return contents


def read_file(path: Path) -> bytes:
    """The content of a file that the user put there; DataError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


def contents_checksum(folder: Path, names: list[str], progress: Progress) -> str:
    """`sha256:…` over the names (as given) and contents of files below a folder, in this order."""
    digest = hashlib.sha256()
    for done, name in enumerate(names):
        content = read_file(folder / name)
        digest.update(f"{name}\0{len(content)}\0".encode(errors="surrogateescape"))
        digest.update(content)
        if done % 100 == 0:
            progress("checksum", done, len(names))
    progress("checksum", len(names), len(names))
    return f"sha256:{digest.hexdigest()}"
