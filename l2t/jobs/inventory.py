"""Where a plan looks up data sets and source networks: really, or as far as a dry run may go."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from l2t import paths
from l2t.data import catalog
from l2t.data.base import DataInfo, Progress
from l2t.data.registry import resolve
from l2t.errors import UsageError, unknown
from l2t.jobs.importing import import_file
from l2t.models.imagenet.weights import OUTPUTS, Published
from l2t.spec import SourceRef, content_hash
from l2t.store.rows import ArtefactRow


class Artefacts(Protocol):
    """What a plan asks of the store."""

    def artefact(self, name_or_hash: str) -> ArtefactRow | None:
        """The newest finished artefact of that name, or the one of that hash or unambiguous hash prefix."""

    def artefacts(self) -> list[ArtefactRow]:
        """All finished artefacts."""


class Inventory(Protocol):
    """Looks up what a plan names."""

    def dataset(self, name: str, size: int) -> DataInfo:
        """The data set, its images needed at `size` × `size` pixels. UsageError or DataError where it cannot be had."""

    def described(self, name: str) -> DataInfo | None:
        """What is known of the data set before it is prepared, or None. UsageError or DataError as of `dataset`."""

    def source(self, name: str) -> SourceRef | None:
        """The stored source network of that name (the newest) or hash, or None."""

    def learnt(self, source: SourceRef) -> str:
        """Data set that a source network learnt; "" where that is not known: it was imported under a name that tells
        nothing."""

    def published_source(self, published: Published) -> SourceRef:
        """The network of a published file, which is not stored yet. DataError where the file cannot be had."""

    def absent_source(self, name: str) -> SourceRef:
        """What takes the place of a source network that is neither stored nor known how to train, or UsageError."""


PUBLISHED = "tinyimagenet-resnet32"
"""The name under which the published checkpoint is imported."""


class _Stored:
    """Looks up source networks in the store, and data sets in the catalogue."""

    def __init__(self, store: Artefacts) -> None:
        self._store = store

    def described(self, name: str) -> DataInfo | None:
        return catalog.describe(name)

    def source(self, name: str) -> SourceRef | None:
        row = self._store.artefact(name)
        if row is None or row.kind != "source":
            return None
        return SourceRef(hash=row.hash, name=row.name, model=row.model, outputs=row.outputs)

    def learnt(self, source: SourceRef) -> str:
        row = self._store.artefact(source.hash)
        published = "tinyimagenet" if source.name == PUBLISHED else ""
        return published if row is None else row.dataset or published


class Ready(_Stored):
    """For real runs: prepares data sets (this may download and decode), and refuses sources that are not there."""

    def __init__(self, store: Artefacts, working: Callable[[str], AbstractContextManager[Progress]]) -> None:
        """working: given a data set's name, shows the progress of preparing it."""
        super().__init__(store)
        self._working = working

    def dataset(self, name: str, size: int) -> DataInfo:
        with self._working(name) as progress:
            return catalog.prepare(name, size, progress)

    def published_source(self, published: Published) -> SourceRef:
        with self._working(published.name) as progress:
            file = published.fetch(paths.data(), progress)
        hash = import_file(file, published.name, paths.home())
        return SourceRef(hash=hash, name=published.name, model=published.model, outputs=OUTPUTS)

    def absent_source(self, name: str) -> SourceRef:
        if name == PUBLISHED:
            raise UsageError(
                f"no source network {name} yet. It is the published checkpoint: "
                f"l2t source import FILE --name {name}, where FILE is tinyimagenet-200-resnet32.pth.tar"
            )
        known = [row.name for row in self._store.artefacts() if row.kind == "source"]
        raise unknown("source network", name, known, "l2t source train makes one; l2t source list")


class Assumed(_Stored):
    """For dry runs: downloads nothing, and takes for granted what is missing, which `missing` then lists."""

    def __init__(self, store: Artefacts) -> None:
        super().__init__(store)
        self.missing: list[str] = []

    def dataset(self, name: str, size: int) -> DataInfo:
        if (archive := resolve(name).missing(paths.data())) is not None:
            self._miss(f"data set {name}: l2t data prepare {name} (downloads {archive})")
        # What lies on this disk is decoded into the data cache: its checksum is part of every run's identity.
        return catalog.describe(name) or catalog.prepare(name, size)

    def published_source(self, published: Published) -> SourceRef:
        if published.missing(paths.data()):
            self._miss(f"source network {published.name}: {published.how}")
        return _assumed(published.name, published.model, OUTPUTS)

    def absent_source(self, name: str) -> SourceRef:
        how = f"import FILE --name {name}" if name == PUBLISHED else f"train --name {name} --dataset … --model …"
        self._miss(f"source network {name}: l2t source {how}")
        return _assumed(name, "resnet32", 200)

    def _miss(self, what: str) -> None:
        if what not in self.missing:
            self.missing.append(what)


def _assumed(name: str, model: str, outputs: int) -> SourceRef:
    return SourceRef(hash=content_hash({"missing": name}), name=name, model=model, outputs=outputs)
