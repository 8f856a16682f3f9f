"""Reading a checkpoint file into the store, in a process of its own: torch stays out of this one."""

import json
import subprocess
import sys
from pathlib import Path

from l2t.errors import DataError


def import_file(file: Path, name: str, home: Path) -> str:
    """Store the network of a checkpoint file as a source called `name`; returns its hash.

    DataError where there is no such file, or it is refused (see `l2t.train.import_source`).
    """
    if not file.is_file():
        raise DataError(f"no file {file}")
    command = [sys.executable, "-P", "-m", "l2t.train.import_source", "--home", str(home), "--name", name, str(file)]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode:
        lines = (answer.stderr.strip() or f"the import ended with code {answer.returncode}").splitlines()
        raise DataError(lines[-1].removeprefix("l2t: "))
    hash: str = json.loads(answer.stdout.splitlines()[-1])["hash"]
    return hash
