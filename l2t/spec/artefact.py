"""What runs share beside source networks: the product of a phase that a method has before its own training."""

from functools import cached_property
from typing import Any, ClassVar

from l2t import ENGINE
from l2t.spec.base import Model, content_hash
from l2t.spec.run import ArtefactRef, Device, Packages, SourceRef
from l2t.spec.settings import DataSettings, TrainSettings


class ArtefactSpec(Model):
    """The making of an artefact, fully resolved. Its hash names the artefact; it is made once, whoever needs it."""

    kind: ClassVar[str] = "artefact"

    phase: str
    """What is made, a name of the phase registry (hint, teacher, intermediate, paraphraser)."""
    name: str
    """Name it is shown under; not part of the identity."""
    options: dict[str, Any]
    """All options of the phase, as its Config has them."""
    needs: tuple[str, ...] = ()
    """Hashes of the artefacts that must be there before it begins, the source network's among them."""
    source: SourceRef | None = None
    """Source network that the phase uses."""
    model: str = ""
    """Architecture that is trained; "" where the phase trains none of the model registry."""
    dataset: str = ""
    """Data set that it learns from: a registry name or `folder:PATH`."""
    checksum: str = ""
    classes: int = 0
    """Number of classes of the data set."""
    shots: int | None = None
    """Training images of each class; None: the whole training set, so that all seeds share it."""
    seed: int = 0
    salt: str = ""
    """Method whose name goes into the hashes of the streams, with `pairing=independent`."""
    train: TrainSettings
    data: DataSettings = DataSettings()
    device: Device = "cpu"
    engine: int = ENGINE
    packages: Packages

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What the result depends on, as plain JSON values."""
        plain = self.model_dump(mode="json", exclude={"name"})
        plain["source"] = None if self.source is None else self.source.hash
        if self.dataset.startswith("folder:"):
            plain["dataset"] = "folder"
        return {"kind": "artefact"} | plain

    @cached_property
    def id(self) -> str:
        """Content hash of the identity: the artefact's name on disk."""
        return content_hash(self.identity)

    @property
    def ref(self) -> ArtefactRef:
        """How runs refer to what this makes."""
        shared = self.id if self.shots is None else content_hash(self.identity | {"seed": None})
        return ArtefactRef(phase=self.phase, name=self.name, hash=self.id, shared=shared)
