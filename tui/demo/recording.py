"""One recorded run, played into a run folder epoch by epoch."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from l2t.store.files import append_text, make_folder, write_atomic
from l2t.store.folder import JobFolder


class Recording:
    """What a run once wrote, to be written again in the same bytes."""

    def __init__(self, path: Path) -> None:
        self.files = JobFolder(path)

    @property
    def exists(self) -> bool:
        """Whether there is a finished run to play."""
        return self.files.result.is_file()

    def begin(self, to: JobFolder) -> None:
        """Write what a run writes before its first epoch."""
        make_folder(to.path)
        for old, new in ((self.files.spec, to.spec), (self.files.env, to.env)):
            shutil.copyfile(old, new)
        append_text(to.log, self.files.log.read_text().partition("\n")[0] + "\n")
        append_text(to.timing, '{"begun":1}\n')

    def play(self, to: JobFolder, after: int, epoch: int) -> None:
        """Write what the run wrote in the epochs behind `after` up to `epoch`; after -1: from the start."""
        for old, new in ((self.files.metrics, to.metrics), (self.files.timing, to.timing)):
            append_text(new, "".join(line for at, line in _lines(old) if after < at <= epoch))
        if self.files.traces.is_dir():
            to.traces.mkdir(mode=0o700, exist_ok=True)
            for path in sorted(self.files.traces.iterdir()):
                if after < int(path.stem) <= epoch:
                    shutil.copyfile(path, to.traces / path.name)

    def end(self, to: JobFolder) -> None:
        """Write what the run wrote behind its last epoch: the result, which makes it done, last."""
        for old, new in ((self.files.timing, to.timing), (self.files.log, to.log), (self.files.result, to.result)):
            write_atomic(new, old.read_bytes())

    def elapsed(self, epoch: int) -> float:
        """Seconds that the run had taken at an epoch."""
        rows = (json.loads(line) for at, line in _lines(self.files.timing) if at <= epoch)
        return max((float(row["elapsed"]) for row in rows), default=0.0)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file that tell of an epoch, each with its number."""
    for line in path.read_text().splitlines(keepends=True):
        epoch = json.loads(line).get("epoch")
        if epoch is not None:
            yield epoch, line
