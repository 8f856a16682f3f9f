"""Makes `home.tar.xz`: `python -m tui.demo.record FOLDER`, with FOLDER for the recorded home. Some 20 minutes on two
cores. An interrupted recording goes on where it stopped; a complete one is only packed.

All in it was written by real runs of the embedded data. Left out: weights, checkpoints, supervisor logs, sweeps that
did not end, and the traces of all but a few runs (those in TRACED, and the two that the demo shows as running).
Altered: the host's name, process ids and command lines of workers in `env.json`, the system's version and the text of
uncommitted changes there, and the path of the checkout in `log.txt`. The processor's name stays: results are equal to
the bit only on an equal one. The last sweep's command has a --force: it was recorded twice, to come behind the
runs that diverge.
"""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import l2t
from l2t.jobs.lock import HomeLock
from l2t.store.database import NAME
from l2t.store.filter import parse
from l2t.store.state import State
from l2t.store.store import Store
from tui.demo.unpack import ARCHIVE, RUNNING_AT, SHOWN_DONE

SETTINGS = ("--epochs", "50", "--jobs", "2")
COMMANDS = (
    ("--method", "ufm", "--dataset", "digits", "--shots", "1", "--seeds", "2", "--set", "train.lr=1000"),
    *(
        ("--method", "scratch,ufm,l2tww,l2twww", "--dataset", "digits", "--shots", shots, "--seeds", "10")
        for shots in ("2", "5", "10")
    ),
)
"""What is asked for, in this order: runs that diverge, then the cells."""
TRACED = ("seed=0", "shots=2")
"""Filter of the runs whose traces are kept."""
HOST = "demo"


def record(home: Path) -> None:
    """Do the runs. Exit code 1 of `l2t run` is expected where runs diverge."""
    environment = os.environ | {"L2T_HOME": str(home), "OMP_NUM_THREADS": "1"}
    l2t_program = Path(sys.executable).with_name("l2t")
    for command in COMMANDS:
        subprocess.run([l2t_program, "run", *command, *SETTINGS], env=environment, check=False)


class _Reducing(Store):
    def reduce(self) -> list[str]:
        """Forget sweeps with jobs that have not ended, their jobs and who followed; returns the ids that are left."""
        ended = f"('{State.DONE}', '{State.FAILED}')"
        with self._transaction():
            self._all("DELETE FROM followers")
            self._all(
                "DELETE FROM sweeps WHERE id IN"
                f" (SELECT sweep FROM sweep_jobs JOIN jobs USING (number) WHERE state NOT IN {ended})"
            )
            orphans = "SELECT number FROM jobs WHERE number NOT IN (SELECT number FROM sweep_jobs)"
            for table in ("needs", "runs", "jobs"):
                self._all(f"DELETE FROM {table} WHERE number IN ({orphans})")
            self._all("DELETE FROM cells WHERE planned = 0")
            self._all("UPDATE jobs SET host = NULL, boot_id = NULL, pid = NULL, start_ticks = NULL, heartbeat = NULL")
        self._all("PRAGMA journal_mode = DELETE")
        self._all("VACUUM")
        return [id for (id,) in self._all("SELECT id FROM jobs")]


def pack(home: Path, archive: Path = ARCHIVE) -> None:
    """Reduce a copy of a recorded home and write the archive. The home itself stays as it is."""
    with TemporaryDirectory() as folder, HomeLock(home, "run"):
        copy = Path(folder)
        with Store.open(home) as store:
            store._all("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(home / NAME, copy / NAME)
        with _Reducing.open(copy) as reduced:
            ids = set(reduced.reduce())
            sweeps = {sweep.id for sweep in reduced.sweeps()}
            traced = {row.id for row in reduced.runs(parse(TRACED))}
            last = reduced.runs(parse([f"sweep={reduced.sweeps()[0].id}"]))
            traced |= {row.id for row in last[SHOWN_DONE : SHOWN_DONE + len(RUNNING_AT)]}
        with tarfile.open(archive, "w:xz", preset=9) as tar:
            _add(tar, NAME, (copy / NAME).read_bytes())
            for path in sorted(path for part in ("runs", "artefacts", "sweeps") for path in (home / part).rglob("*")):
                name = path.relative_to(home)
                known = path.stem in sweeps if name.parts[0] == "sweeps" else name.parts[1] in ids
                left_out = path.suffix == ".pt" or (path.parent.name == "traces" and name.parts[1] not in traced)
                if path.is_file() and known and not left_out:
                    _add(tar, name.as_posix(), cleaned(path))


def cleaned(path: Path) -> bytes:
    """A file of a job without what belongs to the machine that recorded it."""
    if path.name == "env.json":
        environment: dict[str, Any] = json.loads(path.read_text())
        told = {"host": HOST, "pid": 0, "command": [], "platform": environment["platform"].partition("-")[0]}
        environment["source_tree"] |= {"diff": "", "diff_cut": True, "untracked": []}
        asked = environment["asked"].split(" ")
        if "--home" in asked:
            del asked[asked.index("--home") : asked.index("--home") + 2]
        return (json.dumps(environment | told | {"asked": " ".join(asked)}, indent=1) + "\n").encode()
    if path.name == "log.txt":
        return path.read_bytes().replace(f"{Path(l2t.__file__).parent.parent}/".encode(), b"")
    return path.read_bytes()


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    about = tarfile.TarInfo(name)
    about.size, about.mode = len(data), 0o600
    tar.addfile(about, io.BytesIO(data))


if __name__ == "__main__":
    record(Path(sys.argv[1]))
    pack(Path(sys.argv[1]))
