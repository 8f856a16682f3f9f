"""γ over training: at chosen positions, and as 3×3 maps (the thesis's figure 35)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from l2t.report.figures import labels
from l2t.report.figures.made import Made, Skipped, Wanted, slug
from l2t.report.figures.reading import courses, named
from l2t.report.figures.style import COLOURS, DASHES, MAP, MARKERS, SMALL, Look, handle, legend, legend_height, panels
from l2t.report.figures.traced import first_archived
from l2t.report.words import shots_title
from l2t.store.traces import Traces

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAIRS = 3
"""Pairs of layers that are shown: those whose γ moved farthest."""
PLACES = {"corner 0,0": (0, 0), "edge 0,1": (0, 1), "centre 1,1": (1, 1), "corner 2,2": (2, 2)}
"""Positions of the 3×3 map whose course is drawn."""
LOOKS = [Look(*each) for each in zip(COLOURS, MARKERS, DASHES, strict=False)]

Map = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Channel:
    """One source channel of a pair, over training."""

    pair: str
    channel: int
    maps: tuple[Map, ...]
    """One an epoch."""

    @property
    def title(self) -> str:
        return f"pair {self.pair}, channel {self.channel}"


@dataclass(frozen=True)
class Courses:
    epochs: tuple[int, ...]
    channels: tuple[Channel, ...]
    named: dict[str, dict[int, float]]
    """What `--trace 'gamma[…]'` asked for."""


def read(found: Traces, own: dict[str, dict[int, float]]) -> Courses:
    """Of each pair the channel whose γ moved farthest from its start, of those the PAIRS farthest."""
    epochs = found.epochs
    start, end = found.at(epochs[0]), found.at(epochs[-1])
    moved: list[tuple[float, str, int]] = []
    for pair in found.pairs:
        before = start.position_weights(pair) if start else None
        after = end.position_weights(pair) if end else None
        for channel, (a, b) in enumerate(zip(before or (), after or (), strict=True)):
            far = sum(abs(x - y) for p, q in zip(a, b, strict=True) for x, y in zip(p, q, strict=True))
            moved.append((-far, pair, channel))
    best: dict[str, int] = {}
    for _, pair, channel in sorted(moved):
        if pair not in best and len(best) < PAIRS:
            best[pair] = channel
    maps: dict[str, list[Map]] = {pair: [] for pair in best}
    usable = []
    for epoch in epochs:
        weights = found.at(epoch)
        grids = {pair: weights.position_weights(pair) if weights else None for pair in best}
        if all(grids.values()):
            usable.append(epoch)
            for pair, grid in grids.items():
                maps[pair].append(grid[best[pair]] if grid else ())
    channels = tuple(Channel(pair, channel, tuple(maps[pair])) for pair, channel in best.items())
    return Courses(tuple(usable), channels, {name: of for name, of in own.items() if name.startswith("gamma[")})


def make(wanted: Wanted) -> Iterator[Made | Skipped]:
    for table in labels.tested(wanted.report.tables):
        wanted.progress(f"γ of {table.heading}")
        any_here = False
        for row in table.rows:
            first = first_archived(wanted.home, table, row, "gamma")
            if first is None:
                continue
            entry, run, seed, found = first
            any_here = True
            read_in = read(found, named(courses(wanted.home, run)))
            where = (
                f"{row} at {shots_title(entry.shots)}, seed {seed}: mean over the {len(found.images)} images of the"
                f" probe. {table.heading}. Filters shots=… seed=… choose another run."
            )
            chosen = (
                "that --trace asked for"
                if read_in.named
                else "of the channel that moved farthest, in the pairs where it moved farthest"
            )
            number = len(read_in.named) if read_in.named else len(read_in.channels)
            across = min(number, 1 if wanted.columns == 1 else 3) if not read_in.named else 1
            height = 1.4 * -(-len(read_in.channels) // across) if not read_in.named else 1.9
            entries = list(read_in.named) or list(PLACES)
            yield Made(
                "gamma",
                f"gamma-course-{slug(row, table.title)}",
                f"γ by epoch, {row}, {table.title}",
                f"Position weights γ by epoch at the positions {chosen} (grey line: 1, the start), {where}",
                (run,),
                (wanted.width, height + 0.2 + legend_height(wanted.width, entries)),
                partial(draw_course, found=read_in, across=across),
            )
            yield Made(
                "gamma",
                f"gamma-maps-{slug(row, table.title)}",
                f"γ as 3×3 maps, {row}, {table.title}",
                f"Position weights γ as 3×3 maps over training, of the channel of each pair that moved farthest (the"
                f" {len(read_in.channels)} pairs where it moved farthest), {where}",
                (run,),
                (wanted.width, (0.78 if wanted.columns == 1 else 1.2) * len(read_in.channels) + 0.75),
                partial(draw_maps, found=read_in, number=4 if wanted.columns == 1 else 6),
            )
        if not any_here:
            yield Skipped("gamma", table.heading, "no finished run kept γ; l2t run --force --method l2twww keeps it")


def draw_course(figure: "Figure", found: Courses, across: int) -> None:
    from matplotlib.ticker import MaxNLocator

    courses: list[tuple[str, dict[str, tuple[Sequence[int], Sequence[float]]]]]
    if found.named:
        courses = [("", {name: (list(of), list(of.values())) for name, of in found.named.items()})]
    else:
        courses = [
            (each.title, {name: (found.epochs, [m[i][j] for m in each.maps]) for name, (i, j) in PLACES.items()})
            for each in found.channels
        ]
    look = {name: LOOKS[index % len(LOOKS)] for index, name in enumerate(found.named or PLACES)}
    axes = panels(figure, len(courses), across, sharex=True)
    for index, (title, lines) in enumerate(courses):
        ax = axes[index]
        ax.axhline(1, color="#999999", lw=0.8)
        for at, (name, (epochs, values)) in enumerate(lines.items()):
            of = look[name]
            every = max(1, len(epochs) // 6)
            style = {"color": of.colour, "linestyle": of.dash, "marker": of.marker, "markersize": 3}
            ax.plot(epochs, values, **style, markevery=(every * at // len(lines), every))
        ax.set_title(title)
        ax.yaxis.set_major_locator(MaxNLocator(4, steps=(1, 2, 2.5, 5, 10)))
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=(1, 2, 5, 10)))
        ax.grid(axis="y")
        if index % across == 0:
            ax.set_ylabel("γ")
        if index + across >= len(courses):
            ax.set_xlabel("epoch")
    legend(figure, [handle(name, of) for name, of in look.items()])


def draw_maps(figure: "Figure", found: Courses, number: int) -> None:
    from matplotlib.colors import LogNorm, Normalize

    last = len(found.epochs) - 1
    # Half of the movement is over early: epochs are chosen closer there.
    chosen = sorted({round(last * (index / (number - 1)) ** 2) for index in range(number)})
    values = [v for each in found.channels for at in chosen for line in each.maps[at] for v in line]
    low, high = min(values), max(values)
    wide = low > 0 and high / low > 20
    norm = LogNorm(low, high) if wide else Normalize(low, high if high > low else low + 1e-3)
    grid = figure.subplots(len(found.channels), len(chosen), squeeze=False)
    image = None
    for each, axes in zip(found.channels, grid, strict=True):
        for column, (at, ax) in enumerate(zip(chosen, axes, strict=True)):
            image = ax.imshow(each.maps[at], cmap=MAP, norm=norm)
            ax.set_xticks([])
            ax.set_yticks([])
            ax.spines[:].set_visible(False)
            if each is found.channels[0]:
                ax.set_title(
                    f"epoch {found.epochs[at]}" if column else f"start ({found.epochs[at]})",
                    loc="center",
                    fontsize=SMALL,
                )
            if column == 0:
                ax.set_ylabel(f"{each.pair}\nch. {each.channel}", fontsize=SMALL)
    if image is not None:
        bar = figure.colorbar(image, ax=grid, location="bottom", aspect=40, shrink=0.8, pad=0.03)
        bar.set_label("γ")
        bar.outline.set_linewidth(0.5)
        if wide:
            from matplotlib.ticker import FuncFormatter, NullFormatter

            bar.ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            bar.ax.xaxis.set_minor_formatter(NullFormatter())
