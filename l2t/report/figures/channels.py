"""w of each channel at the end of training: sorted bars, a panel a pair of layers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from l2t.report.figures import labels
from l2t.report.figures.made import Made, Skipped, Wanted, slug
from l2t.report.figures.style import COLOURS, NORMAL, SMALL, panels
from l2t.report.figures.traced import archived
from l2t.report.report import Entry, Table
from l2t.report.words import shots_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ChannelWeights:
    """w of the probe's mean at the end, mean over runs."""

    entry: Entry
    runs: tuple[str, ...]
    pairs: dict[str, tuple[float, ...]]
    """By pair: w times the number of channels (1: uniform), the largest first."""


def read(home: Path, table: Table, row: str) -> ChannelWeights | None:
    """Of the fewest shots at which a run of the row kept w; None where none did."""
    for entry in table.entries:
        if entry.row != row:
            continue
        found: dict[str, dict[str, Sequence[float]]] = {}
        for run, _, traces in archived(home, entry):
            end = traces.at(traces.epochs[-1])
            if end is not None and "w" in traces.kinds:
                found[run] = {pair: w for pair in traces.pairs if (w := end.channel_weights(pair)) is not None}
        if found:
            first = next(iter(found.values()))
            alike = {run: of for run, of in found.items() if [*map(len, of.values())] == [*map(len, first.values())]}
            pairs = {
                pair: tuple(
                    sorted(
                        (fmean(each) * len(w) for each in zip(*(of[pair] for of in alike.values()), strict=True)),
                        reverse=True,
                    )
                )
                for pair, w in first.items()
            }
            return ChannelWeights(entry, tuple(alike), pairs)
    return None


def make(wanted: Wanted) -> Iterator[Made | Skipped]:
    for table in labels.tested(wanted.report.tables):
        wanted.progress(f"w of {table.heading}")
        found = [(row, each) for row in table.rows if (each := read(wanted.home, table, row)) is not None]
        if not found:
            yield Skipped(
                "channels",
                table.heading,
                "no finished run kept w; l2t run --force --method l2tww keeps it",
            )
        for row, each in found:
            runs = f"mean over {len(each.runs)} runs" if len(each.runs) > 1 else "one run"
            targets = len({pair.split("-")[1] for pair in each.pairs})
            across = targets if wanted.columns == 2 or targets <= 3 else 3
            yield Made(
                "channels",
                f"channels-{slug(row, table.title)}",
                f"w of channels, {row}, {table.title}",
                "Channel weights w (mean over the probe's images) at the end of training, times the number of channels"
                f" C, sorted: bars begin at 1, which is uniform. A panel a pair (source-target): {row} at"
                f" {shots_title(each.entry.shots)}, {runs}. {table.heading}. The filter shots=… chooses others.",
                each.runs,
                (wanted.width, 0.95 * -(-len(each.pairs) // across) + 0.35),
                partial(draw, found=each, across=across),
            )


def draw(figure: "Figure", found: ChannelWeights, across: int) -> None:
    from matplotlib.ticker import MaxNLocator

    axes = panels(figure, len(found.pairs), across, sharey=True)
    for (pair, values), ax in zip(found.pairs.items(), axes, strict=True):
        above = [value - 1 for value in values]
        ax.bar(range(1, len(values) + 1), above, width=0.8, bottom=1, color=COLOURS[1], linewidth=0)
        ax.axhline(1, color="black", lw=0.7)
        ax.set_title(f"{pair} (C = {len(values)})", fontsize=SMALL)
        ax.set_xlim(0, len(values) + 1)
        ax.set_xticks([1, len(values)])
        ax.yaxis.set_major_locator(MaxNLocator(3, steps=(1, 2, 2.5, 5, 10)))
    figure.supxlabel("channel, by rank", fontsize=NORMAL)
    figure.supylabel("w × C", fontsize=NORMAL)
