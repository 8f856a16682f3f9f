"""What the screens cost: the first paint, being at rest, streaming runs, answering keys, memory.

    python bench/tui.py [paint] [rest] [stream] [snapshot]

Drives the real app in a pseudo-terminal, over a store of 10,000 runs; CPU is user + system time of the whole process
tree, read from /proc. snapshot: what one look at a queue of 100,000 runs reads. Prints each figure against its budget
and fails where one is missed.
"""

import json
import os
import pty
import select
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from fcntl import ioctl
from functools import partial
from pathlib import Path
from termios import TIOCSWINSZ

import psutil

sys.path.insert(0, str(Path(__file__).parent))

import queueing

from l2t.store.folder import JobFolder
from l2t.store.rows import Owner, Submission
from l2t.store.store import Store

DONE = 9_000
STREAMS = 8
REST_SECONDS = 30.0
STREAM_SECONDS = 30.0
KEYS = 60
VIEWS = ("curves", "weights", "log", "specification")
STATES = ("all", "running", "waiting", "failed", "done")
ENDED = 20_000
REPEATS = 5
APP = "from cli.app import main; main()"


def fill(home: Path) -> list[tuple[str, Owner]]:
    """10,000 runs: most done, STREAMS running and owned by this process."""
    owner = Owner(os.uname().nodename, "", os.getpid(), 1)
    running = []
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "thesis", queueing.SEEDS, queueing.sweep()))
        for at in range(DONE):
            job = store.claim(owner, "cpu")
            assert job is not None
            store.finish(job.id, owner, {"accuracy": 40.0 + at % 997 / 100}, 60.0, 10**8)
        for _ in range(STREAMS):
            job = store.claim(owner, "cpu")
            assert job is not None
            running.append((job.id, owner))
    return running


def contains(wanted: bytes, data: bytes) -> bool:
    """Whether the app has written this."""
    return wanted in data


class Terminal:
    """The app in a terminal of its own."""

    def __init__(self, home: Path, columns: int, rows: int) -> None:
        self.started = time.perf_counter()
        self.pid, self.master = pty.fork()
        if not self.pid:
            os.environ |= {"L2T_HOME": str(home), "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
            os.execv(sys.executable, [sys.executable, "-P", "-c", APP, "tui"])
        ioctl(self.master, TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = psutil.Process(self.pid)
        self.read = 0

    def until(self, met: Callable[[bytes], bool], seconds: float = 30.0) -> bytes:
        """What it writes until that is met, or nothing came for so long."""
        data = b""
        deadline = time.perf_counter() + seconds
        while not met(data) and (left := deadline - time.perf_counter()) > 0:
            if select.select([self.master], [], [], left)[0]:
                try:
                    chunk = os.read(self.master, 65536)
                except OSError:  # it has ended
                    break
                data += chunk
                self.read += len(chunk)
        return data

    def quiet(self, seconds: float = 1.0) -> None:
        """Wait until it writes nothing for so long."""
        while self.until(lambda data: bool(data), seconds):
            pass

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def cpu(self) -> float:
        """Seconds of user and system time of the process tree so far."""
        total = 0.0
        for process in [self.process, *self.process.children(recursive=True)]:
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
        return total

    def memory(self) -> int:
        return int(self.process.memory_info().rss)

    def close(self) -> None:
        self.press("q")
        self.until(lambda data: False, 0.5)
        self.process.kill()
        os.close(self.master)
        os.waitpid(self.pid, 0)


def settle(terminal: Terminal) -> None:
    """Wait until the Matrix has its statistics, which the store then keeps, and nothing moves any more."""
    assert b"better than" in terminal.until(partial(contains, b"better than"))
    terminal.quiet(3.0)


def paint(home: Path) -> bool:
    """CPU until the Matrix of 10,000 runs stands there, after a first start that has kept its statistics."""
    first = Terminal(home, 80, 24)
    settle(first)
    first.close()
    cpu, wall, sizes = [], [], []
    for _ in range(REPEATS):
        terminal = Terminal(home, 80, 24)
        terminal.until(partial(contains, b"l2twww"))
        wall.append(time.perf_counter() - terminal.started)
        cpu.append(terminal.cpu())
        terminal.quiet()
        sizes.append(terminal.memory() / 1e6)
        terminal.close()
    note = f"{min(cpu):.2f}-{max(cpu):.2f}, n={REPEATS}; wall {statistics.median(wall):.2f} s"
    kept = queueing.line("first paint, CPU", statistics.median(cpu), "s", 0.7, note)
    return queueing.line("memory", statistics.median(sizes), "MB", 100, f"n={REPEATS}") and kept


def rest(home: Path) -> bool:
    """CPU and bytes of an app at which nothing happens."""
    terminal = Terminal(home, 120, 40)
    settle(terminal)
    cpu, read = terminal.cpu(), terminal.read
    terminal.until(lambda data: False, REST_SECONDS)
    share, written = (terminal.cpu() - cpu) / REST_SECONDS * 100, terminal.read - read
    terminal.close()
    kept = queueing.line("at rest, CPU", share, "%", 0.5, f"{REST_SECONDS:.0f} s")
    return queueing.line("at rest, written", written / REST_SECONDS, "B/s", 0, f"{REST_SECONDS:.0f} s") and kept


def stream(home: Path, running: list[tuple[str, Owner]]) -> bool:
    """CPU, bytes and answers to keys with 8 runs that write 10 epochs a second, one of them on the screen."""
    from threading import Event, Thread

    over = Event()

    def write() -> None:
        with Store.open(home) as store:
            folders = [JobFolder.of(home, "run", id) for id, _ in running]
            for folder in folders:
                folder.make()
            epoch = 0
            while not over.wait(0.1):
                epoch += 1
                for folder in folders:
                    row = {"epoch": epoch, "loss": 3 / epoch, "ce": 2 / epoch, "lr": 0.1, "accuracy": 50.0}
                    with folder.metrics.open("a") as file:
                        file.write(json.dumps(row) + "\n")
                if epoch % 10 == 0:
                    for id, owner in running:
                        store.progress(id, owner, epoch, 200)

    writer = Thread(target=write)
    writer.start()
    terminal = Terminal(home, 120, 40)
    try:
        assert b"better than" in terminal.until(partial(contains, b"better than"))
        terminal.press("2")
        assert b"[all]" in terminal.until(partial(contains, b"[all]"))
        terminal.until(lambda data: False, 2.0)
        terminal.press("\r")
        terminal.until(lambda data: False, 5.0)
        cpu, read = terminal.cpu(), terminal.read
        terminal.until(lambda data: False, STREAM_SECONDS)
        share, written = (terminal.cpu() - cpu) / STREAM_SECONDS * 100, (terminal.read - read) / STREAM_SECONDS / 1e3
        answers = {"Run": answered(terminal, "\t", VIEWS)}
        terminal.press("\x1b")
        terminal.until(lambda data: False, 2.0)
        answers["Queue"] = answered(terminal, "]", STATES)
        size = terminal.memory() / 1e6
    finally:
        over.set()
        writer.join()
        terminal.close()
    kept = queueing.line("8 runs streaming, CPU", share, "%", 5, f"{STREAM_SECONDS:.0f} s at 120x40")
    kept &= queueing.line("8 runs streaming, written", written, "KB/s", 40, "")
    for screen, times in answers.items():
        late, note = statistics.quantiles(times, n=20)[-1], f"n={KEYS}, median {statistics.median(times):.0f}"
        kept &= queueing.line(f"a key answered in {screen} meanwhile, p95", late, "ms", 50, note)
    return queueing.line("memory while streaming", size, "MB", 100, "") and kept


def snapshot(home: Path) -> bool:
    """The first look at 100,000 runs: counts, cells, the order of the queue, and the rows that are seen."""
    with Store.open(home) as store:
        for dataset in range(10):
            runs = [run.model_copy(update={"dataset": f"set{dataset}"}) for run in queueing.sweep()]
            store.submit(Submission("l2t run", "thesis", queueing.SEEDS, runs))
        for at in range(ENDED):
            job = store.claim(queueing.OWNER, "cpu")
            assert job is not None
            store.finish(job.id, queueing.OWNER, {"accuracy": 40.0 + at % 997 / 100}, 60.0, 10**8)
    times = []
    with Store.read(home) as store:
        for _ in range(REPEATS):
            begun = time.process_time()
            assert sum(store.count().values()) == 100_000
            store.cells()
            store.rows_of(store.window(0, 60))
            times.append((time.process_time() - begun) * 1e3)
    note = f"{min(times):.0f}-{max(times):.0f}, n={REPEATS}"
    return queueing.line("snapshot of 100,000 runs, CPU", statistics.median(times), "ms", 100, note)


def answered(terminal: Terminal, key: str, heads: Sequence[str]) -> list[float]:
    """Milliseconds until the head of the screen says what a key has chosen; the first of `heads` is chosen now."""
    times = []
    for at in range(1, KEYS + 1):
        wanted = f"[{heads[at % len(heads)]}]".encode()
        begun = time.perf_counter()
        terminal.press(key)
        assert wanted in terminal.until(partial(contains, wanted), 5.0), wanted
        times.append((time.perf_counter() - begun) * 1e3)
        time.sleep(0.1)
    return times


def main() -> int:
    asked = sys.argv[1:] or ["paint", "rest", "stream", "snapshot"]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        running = fill(home) if {"paint", "rest", "stream"} & {*asked} else []
        parts = {
            "paint": lambda: paint(home),
            "rest": lambda: rest(home),
            "stream": lambda: stream(home, running),
            "snapshot": lambda: snapshot(Path(folder) / "large"),
        }
        kept = [parts[part]() for part in asked]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
