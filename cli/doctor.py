"""`l2t doctor`: what this machine has."""

from dataclasses import asdict
from typing import Annotated

import typer

from cli.diagnostics import ExitCode, say
from cli.output import Column, write_json, write_table
from l2t import paths
from l2t.doctor import examine, usable

COLOURS = {"ok": "green", "missing": "yellow", "problem": "red"}


def doctor(
    json: Annotated[bool, typer.Option("--json", help="A list of checks: name, verdict, found, advice.")] = False,
) -> ExitCode:
    """Look at Python, torch, devices, memory, disk, data sets, sources and the store; say what to do about gaps.

    Exit code 0 where runs can be started, 1 where a problem stands in the way. Writes nothing.
    """
    checks = examine(paths.home())
    if json:
        write_json([asdict(check) for check in checks])
    else:
        rows: list[tuple[str, str, str]] = []
        for check in checks:
            rows.append((check.name, check.verdict, check.found))
            if check.advice:
                rows.append(("", "", f"→ {check.advice}"))
        write_table([Column("what"), Column("state", colours=COLOURS), Column("found")], rows)
    if usable(checks):
        return ExitCode.OK
    say(
        "not usable as it is: "
        + "; ".join(f"{c.name}: {c.found} ({c.advice})" for c in checks if c.verdict == "problem")
    )
    return ExitCode.FAILED_RUNS
