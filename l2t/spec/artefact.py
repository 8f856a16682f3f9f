"""What runs share beside source networks: the product of a phase that a method has before its own training."""

from functools import cached_property
from typing import Any, ClassVar

from l2t import ENGINE
from l2t.spec.base import Model, content_hash
from l2t.spec.run import Device
from l2t.spec.settings import TrainSettings


class ArtefactSpec(Model):
    """The making of an artefact, fully resolved. Its hash names the artefact; it is made once, whoever needs it."""

    kind: ClassVar[str] = "artefact"

    phase: str
    """What is made, a name of the phase registry (paraphraser, hint stage, intermediate network …)."""
    name: str
    """Name it is shown under; not part of the identity."""
    inputs: dict[str, Any]
    """All that the phase's result depends on, beside the rest here: plain JSON values."""
    needs: tuple[str, ...] = ()
    """Hashes of the artefacts that must be there before it begins."""
    train: TrainSettings
    device: Device = "cpu"
    engine: int = ENGINE

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What the result depends on, as plain JSON values."""
        return {"kind": "artefact"} | self.model_dump(mode="json", exclude={"name"})

    @cached_property
    def id(self) -> str:
        """Content hash of the identity: the artefact's name on disk."""
        return content_hash(self.identity)
