"""The states of a job, why it is in one, and which changes there are."""

from enum import StrEnum

from l2t.errors import StoreError


class State(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Reason(StrEnum):
    """Why a job failed, or why it is back in the queue."""

    DIVERGED = "diverged"
    """A loss or parameter stopped being finite."""
    CRASHED = "crashed"
    """An unexpected error, or a process that kept dying at the same place."""
    OUT_OF_MEMORY = "out_of_memory"
    INVALID = "invalid"
    """The specification or its data cannot be used here."""
    DISK = "disk"
    """The disk was full or read-only."""
    ARTEFACT = "artefact"
    """What it needed (a source network) failed."""
    STOPPED = "stopped"
    """Asked to stop; it goes on from its checkpoint when it is run again."""
    LOST = "lost"
    """Its process died; it goes on from its checkpoint when it is run again."""


class Request(StrEnum):
    """What is asked of the worker of a running job."""

    PAUSE = "pause"
    """Write a checkpoint and pause."""
    CANCEL = "cancel"
    """Stop; its result is not wanted."""
    HOLD = "hold"
    """Go on to the end; where the attempt ends before that, pause."""


TRANSITIONS: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.RUNNING, State.PAUSED, State.CANCELLED, State.FAILED, State.DONE}),
    State.RUNNING: frozenset({State.DONE, State.FAILED, State.CANCELLED, State.PAUSED, State.INTERRUPTED}),
    State.PAUSED: frozenset({State.QUEUED, State.CANCELLED}),
    State.INTERRUPTED: frozenset({State.QUEUED, State.FAILED, State.DONE, State.CANCELLED}),
    State.DONE: frozenset({State.QUEUED}),
    State.FAILED: frozenset({State.QUEUED}),
    State.CANCELLED: frozenset({State.QUEUED}),
}
"""All changes there are. done → queued is `--force`; failed, cancelled → queued is a retry."""


class ClaimLostError(StoreError):
    """The job is no longer the caller's: another process took it for dead, or it was cancelled."""
