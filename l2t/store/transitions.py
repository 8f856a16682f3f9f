"""The one place that changes a job's state."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from l2t.store.state import TRANSITIONS, State


def move(
    connection: sqlite3.Connection,
    expected: Iterable[State],
    to: State,
    where: str,
    parameters: Mapping[str, Any],
    columns: Mapping[str, Any],
    returning: str = "number",
) -> list[tuple[Any, ...]]:
    """Bring the jobs that `where` selects from an expected state to the state `to`, in a single statement.

    where: SQL over the table jobs, its values in `parameters`; columns: further columns to set.
    Returns `returning` of the jobs that moved: those in no expected state stay as they are and are not among them.
    Raises ValueError where the transition table has no such change (a mistake in the program).
    """
    expected = sorted(expected)
    for state in expected:
        if to not in TRANSITIONS[state]:
            raise ValueError(f"no transition from {state} to {to}")
    states = ", ".join(f"'{state}'" for state in expected)
    changes = "".join(f", {column} = :set_{column}" for column in columns)
    values = {f"set_{column}": value for column, value in columns.items()}
    return connection.execute(
        f"UPDATE jobs SET state = :to{changes} WHERE state IN ({states}) AND {where} RETURNING {returning}",
        {"to": to} | dict(parameters) | values,
    ).fetchall()
