"""One artefact: spec in, result and files out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from l2t.methods.registry import phases
from l2t.spec import ArtefactSpec
from l2t.store.folder import JobFolder
from l2t.train.control import Control

Make = Callable[[ArtefactSpec, JobFolder, Path, Control], dict[str, Any]]
"""What a phase is: makes the artefact in its folder, going on from a checkpoint there; returns plain JSON values."""


def make_artefact(spec: ArtefactSpec, folder: JobFolder, home: Path, control: Control) -> dict[str, Any]:
    """Make what a phase of a method makes. Raises UsageError for a phase that no method has; others as `train_run`."""
    make: Make = phases.get(spec.phase)
    return make(spec, folder, home, control)
