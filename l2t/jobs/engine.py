"""What computes jobs. The engine itself, and torch with it, is imported by `load` alone, which workers call."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from l2t.spec import ArtefactSpec, RunSpec, SourceSpec
from l2t.spec.run import Device
from l2t.store.folder import JobFolder
from l2t.train.control import Control

Result = dict[str, Any]
"""Plain JSON values, the same ones on every equal fingerprint: no times."""


@dataclass(frozen=True)
class Engine:
    """The functions that compute jobs, and the one that tells where they do.

    `run`, `source` and `artefact` go on from `checkpoint.pt` where the folder has one, raise `Interrupted` where they
    were asked to stop and have written it, and DivergedError, UsageError or DataError where the job cannot end well.
    """

    run: Callable[[RunSpec, JobFolder, Path, Control], Result]
    source: Callable[[SourceSpec, JobFolder, Control], Result]
    artefact: Callable[[ArtefactSpec, JobFolder, Path, Control], Result]
    check: Callable[[Device], None]
    """Computes a little on a device; raises where it cannot: nobody's job is to find that out."""
    environment: Callable[[RunSpec | SourceSpec | ArtefactSpec], dict[str, Any]]
    """Contents of a job's `env.json`; its "fingerprint" decides whether a checkpoint may be gone on with."""


def load() -> Engine:
    """The real engine."""
    from l2t.jobs.provenance import provenance

    provenance()  # kept: of the code that is imported now, whatever is edited while jobs run
    from l2t.jobs.environment import environment
    from l2t.train.artefact import make_artefact
    from l2t.train.device import check
    from l2t.train.run import train_run
    from l2t.train.source import train_source

    return Engine(train_run, train_source, make_artefact, check, environment)
