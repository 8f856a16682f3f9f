"""The command line as a process of its own: what the form shows and does is what `l2t run` would, by construction.

Plans import pydantic, decode images and may ask torch for devices; none of it comes into this process.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from l2t.printable import printable

SECONDS = 600.0
"""After which a command is given up."""


@dataclass(frozen=True)
class Answer:
    """How a command ended."""

    code: int
    out: str
    said: str
    """Its last line on stderr, without the program's name."""


def answer(home: Path, arguments: Sequence[str]) -> Answer:
    """Run `l2t ARGUMENTS` for this home and wait for its end."""
    line = [sys.executable, "-P", "-c", "from cli.app import main; main()", *arguments]
    try:
        done = subprocess.run(
            line,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
            env=os.environ | {"L2T_HOME": str(home), "NO_COLOR": "1"},
        )
    except subprocess.TimeoutExpired:
        return Answer(1, "", f"no answer after {SECONDS:.0f} s")
    lines = done.stderr.decode(errors="backslashreplace").strip().splitlines()
    said = lines[-1].removeprefix("l2t: ") if lines else ""
    return Answer(done.returncode, done.stdout.decode(errors="backslashreplace"), printable(said))
