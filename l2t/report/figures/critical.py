"""Critical-difference diagram (Demšar 2006): average ranks on a line, bars joining methods that are not apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import ceil, floor
from typing import TYPE_CHECKING

from l2t.report.figures.labels import runs_of
from l2t.report.figures.made import Made, Skipped, Wanted, slug
from l2t.report.figures.style import SMALL, Look, looks, short
from l2t.report.sections.over_blocks import Group, gather, ranks
from l2t.report.words import p_value
from l2t.stats import Friedman, NoTest, PValue

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINE = 0.17
"""Inches from one label or bar to the next."""


@dataclass(frozen=True)
class Diagram:
    ranks: tuple[tuple[str, float], ...]
    """Rows and their average ranks, the best first."""
    bars: tuple[tuple[float, float], ...]
    """Ranks from and to which methods are not apart."""
    critical: float


def read(group: Group, found: Friedman) -> Diagram:
    """The diagram of ranks that have a critical difference."""
    bars = tuple((min(of), max(of)) for of in ([found.ranks[index] for index in bar] for bar in found.alike))
    order = sorted(zip(group.rows, found.ranks, strict=True), key=lambda each: each[1])
    return Diagram(tuple(order), bars, found.critical or 0.0)


def make(wanted: Wanted) -> Iterator[Made | Skipped]:
    groups = gather(wanted.report.tables)
    if not groups:
        yield Skipped("critical", "", "ranks need tables with two methods or more")
    for group in groups:
        common = group.table
        networks = common.target if common.source is None else f"{common.target} ← {common.source}"
        heading = f"{networks}, {common.training}"
        found = ranks(group)
        test: PValue | NoTest = found.test if isinstance(found, Friedman) else found
        if isinstance(found, NoTest) or isinstance(test, NoTest):
            reason = test.reason if isinstance(test, NoTest) else ""
            yield Skipped(
                "critical",
                heading,
                f"no critical difference: {reason} (a block is a data set at a number of shots; more of"
                " either, with all methods, gives it)",
            )
            continue
        diagram = read(group, found)
        half = -(-len(diagram.ranks) // 2)
        left_out = (
            f" Left out: {'; '.join(f'{what} ({why})' for what, why in group.left_out)}." if group.left_out else ""
        )
        p = f"p {p_value(test.p)}" if test.p < 0.0001 else f"p = {p_value(test.p)}"
        yield Made(
            "critical",
            f"critical-{slug(common.target)}",
            "average ranks and critical difference",
            f"Average rank of each method's mean {common.metric} over {found.blocks} blocks (data set × shots), 1 is "
            f"best. Bars join methods that are not apart: their ranks differ by at most the critical difference "
            f"{diagram.critical:.2f} (Nemenyi, 0.05). Friedman: {p}. {heading}.{left_out}"
            + (" Planned runs are missing: interim." if group.interim else ""),
            runs_of(group.entries[row, block] for block in group.blocks for row in group.rows),
            (wanted.width, 0.62 + LINE * (half + len(diagram.bars))),
            partial(draw, diagram=diagram, look=looks(wanted.report)),
        )


def draw(figure: "Figure", diagram: Diagram, look: dict[str, Look]) -> None:
    width, height = (float(side) for side in figure.get_size_inches())
    number = len(diagram.ranks)
    longest = max(len(short(row, 24)) for row, _ in diagram.ranks)
    margin = min(0.38 * width, 0.14 + 0.058 * (longest + 5))
    lowest, highest = floor(diagram.ranks[0][1]), ceil(diagram.ranks[-1][1])
    lowest, highest = (lowest, highest) if highest > lowest else (lowest - 1, highest + 1)
    figure.set_layout_engine("none")  # everything is placed in inches
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(0, height))
    ax.axis("off")

    def at(rank: float) -> float:
        return margin + (rank - lowest) / (highest - lowest) * (width - 2 * margin)

    top = height - 0.42
    ax.plot((at(lowest), at(highest)), (top, top), color="black", lw=0.8, solid_capstyle="butt")
    for rank in range(lowest, highest + 1):
        ax.plot((at(rank), at(rank)), (top, top + 0.05), color="black", lw=0.8)
        ax.text(at(rank), top + 0.06, str(rank), ha="center", va="bottom", fontsize=SMALL)
    end = min(at(lowest + diagram.critical), width - 0.05)
    ax.plot((at(lowest), end), (height - 0.12, height - 0.12), color="black", lw=0.8, marker="|", markersize=4)
    ax.text(at(lowest) - 0.05, height - 0.12, f"CD {diagram.critical:.2f}", ha="right", va="center", fontsize=SMALL)
    for index, (low, high) in enumerate(diagram.bars):
        y = top - 0.08 - LINE * 0.6 * index
        ax.plot(
            (at(low) - 0.03, at(high) + 0.03), (y, y), color="black", lw=2.6, solid_capstyle="butt", gid=f"bar-{index}"
        )
    below = top - 0.16 - LINE * 0.6 * len(diagram.bars)
    half = -(-number // 2)
    for index, (row, average) in enumerate(diagram.ranks):
        left = index < half
        y = below - LINE * (index if left else number - 1 - index)
        edge = margin - 0.06 if left else width - margin + 0.06
        of = look[row]
        ax.plot((at(average), at(average), edge), (top, y, y), color="#555555", lw=0.7, solid_joinstyle="miter")
        ax.plot(at(average), top, of.marker, color=of.colour, zorder=5, clip_on=False)
        ax.text(
            edge - 0.04 if left else edge + 0.04,
            y,
            f"{short(row, 24)} {average:.2f}" if left else f"{average:.2f} {short(row, 24)}",
            ha="right" if left else "left",
            va="center",
            fontsize=SMALL,
        )
