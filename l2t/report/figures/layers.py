"""λ as heat maps: source × target layers at the end, and how far each pair is from its start over time."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from l2t.report.figures import labels
from l2t.report.figures.made import Made, Skipped, Wanted, slug
from l2t.report.figures.style import MAP, SMALL
from l2t.report.figures.traced import archived
from l2t.report.report import Entry, Table
from l2t.report.words import shots_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class LayerWeights:
    """λ of the probe's mean, mean over runs."""

    entry: Entry
    runs: tuple[str, ...]
    pairs: tuple[str, ...]
    """ "source-target"."""
    epochs: tuple[int, ...]
    values: dict[str, tuple[float, ...]]
    """By pair, over the epochs."""


def read(home: Path, table: Table, row: str) -> LayerWeights | None:
    """Of the fewest shots at which a run of the row kept λ; None where none did."""
    for entry in table.entries:
        if entry.row != row:
            continue
        runs = [(run, found) for run, _, found in archived(home, entry) if "lambda" in found.kinds]
        if not runs:
            continue
        pairs, epochs = runs[0][1].pairs, runs[0][1].epochs
        alike = [(run, found.layer_weights()) for run, found in runs if (found.pairs, found.epochs) == (pairs, epochs)]
        values = {
            pair: tuple(fmean(of[pair][at] for _, of in alike) for at in range(len(epochs))) for pair in alike[0][1]
        }
        return LayerWeights(entry, tuple(run for run, _ in alike), tuple(values), epochs, values)
    return None


def make(wanted: Wanted) -> Iterator[Made | Skipped]:
    for table in labels.tested(wanted.report.tables):
        wanted.progress(f"λ of {table.heading}")
        found = [(row, each) for row in table.rows if (each := read(wanted.home, table, row)) is not None]
        if not found:
            yield Skipped(
                "lambda",
                table.heading,
                "no finished run kept λ; l2t run --force --method l2tww keeps it",
            )
        for row, each in found:
            runs = f"mean over {len(each.runs)} runs" if len(each.runs) > 1 else "one run"
            time = 0.7 + 0.125 * max(6, len(each.pairs))
            end = 0.75 + 0.32 * len({pair.split("-")[0] for pair in each.pairs})
            yield Made(
                "lambda",
                f"lambda-{slug(row, table.title)}",
                f"λ of pairs of layers, {row}, {table.title}",
                "Layer weights λ (mean over the probe's images), source × target layer at the end of training, and how"
                f" far each pair's (source-target) is from its start over the epochs: {row} at"
                f" {shots_title(each.entry.shots)}, {runs}."
                f" {table.heading}. The filter shots=… chooses others.",
                each.runs,
                (wanted.width, end + time if wanted.columns == 1 else max(end + 0.5, time)),
                partial(draw, found=each, heights=(end, time) if wanted.columns == 1 else None),
            )


def draw(figure: "Figure", found: LayerWeights, heights: tuple[float, float] | None) -> None:
    import numpy as np
    from matplotlib.ticker import MaxNLocator

    ends = [tuple(map(int, pair.split("-"))) for pair in found.pairs]
    sources, targets = (sorted({end[side] for end in ends}) for side in (0, 1))
    last = np.full((len(sources), len(targets)), np.nan)
    for (source, target), pair in zip(ends, found.pairs, strict=True):
        last[sources.index(source), targets.index(target)] = found.values[pair][-1]
    course = np.array([found.values[pair] for pair in found.pairs])
    change = course - course[:, :1]  # λ moves little against its random start: its course alone would be stripes
    high = max(float(np.nanmax(last)), 1e-3)
    top, below = (
        figure.subplots(2, 1, height_ratios=heights) if heights else figure.subplots(1, 2, width_ratios=(1, 1.5))
    )
    image = top.imshow(last, cmap=MAP, vmin=0, vmax=high, aspect="auto")
    for row, column in np.argwhere(np.isfinite(last)):
        value = last[row, column]
        # On the dark half of the map the text is white.
        colour = "white" if value < 0.55 * high else "black"
        top.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=SMALL, color=colour)
    top.set_xticks(range(len(targets)), [str(each) for each in targets])
    top.set_yticks(range(len(sources)), [str(each) for each in sources])
    top.set(xlabel="target layer", ylabel="source layer")
    top.set_title(f"epoch {found.epochs[-1]}")
    # Archives are not evenly spaced to the epoch: each is drawn from its epoch to the next.
    edges = [*found.epochs, found.epochs[-1] + (found.epochs[-1] - found.epochs[-2])]
    mesh = below.pcolormesh(
        edges,
        np.arange(len(found.pairs) + 1) - 0.5,
        change,
        cmap=MAP,
        vmin=min(float(change.min()), -1e-3),
        vmax=max(float(change.max()), 1e-3),
    )
    below.set_ylim(len(found.pairs) - 0.5, -0.5)
    below.set_yticks(range(len(found.pairs)), found.pairs)
    below.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=(1, 2, 5, 10)))
    below.set(xlabel="epoch", ylabel="pair")
    below.set_title("change since the start")
    for ax, drawn, label in ((top, image, "λ"), (below, mesh, "λ − λ at the start")):
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        bar = figure.colorbar(drawn, ax=ax, location="right", aspect=18, pad=0.02)
        bar.set_label(label)
        bar.ax.yaxis.set_major_locator(MaxNLocator(4, steps=(1, 2, 2.5, 5, 10)))
        bar.outline.set_linewidth(0.5)
