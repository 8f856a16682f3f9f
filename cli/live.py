"""Progress on a terminal: one bar for the sweep, one line for each running job. Imported only where it is shown."""

from contextlib import suppress

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.follow import ActiveJobs, describe_counts, describe_end
from l2t.jobs.watch import SweepStatus
from l2t.printable import printable
from l2t.store.state import State


class LiveView:
    """Redrawn at every poll, never in between: nothing moves unless something happened."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._live.start()
        self._active = ActiveJobs()

    def show(self, status: SweepStatus, aside: str) -> None:
        for job in status.ended:
            if job.state is not State.DONE:
                self._live.console.print(Text(printable(describe_end(job)), style="red"))
        about = [Text(printable(aside), style="yellow", no_wrap=True, overflow="ellipsis")] if aside else []
        self._live.update(Group(self._bar(status), *about, self._jobs(status)), refresh=True)

    def close(self) -> None:
        # After a hangup there is no terminal to restore.
        with suppress(OSError):
            self._live.stop()

    def _bar(self, status: SweepStatus) -> Table:
        kinds = (status.sweep.runs, status.sweep.sources, status.sweep.artefacts)
        total = sum(sum(counts.values()) for counts in kinds)
        running = sum(active.job.epoch / active.job.epochs for active in status.running if active.job.epochs)
        line = Table.grid(padding=(0, 2))
        line.add_row(
            ProgressBar(
                total=total,
                completed=total - status.left + running,
                width=min(40, self._console.width // 3),
                complete_style="cyan",
                finished_style="green",
            ),
            Text(describe_counts(status), style="bold"),
        )
        return line

    def _jobs(self, status: SweepStatus) -> Table:
        # The bar, what is said about it and a line of rest; a display higher than the screen would scroll away.
        room = max(1, self._console.height - 4)
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        for _ in range(3):
            table.add_column(no_wrap=True)
        for active in status.running[:room]:
            name, *rest = self._active.describe(active)
            table.add_row(Text(printable(name)), *(Text(cell) for cell in rest))
        if len(status.running) > room:
            table.add_row(Text(f"… and {len(status.running) - room} more", style="dim"), "", "", "")
        return table
