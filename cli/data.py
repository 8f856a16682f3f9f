"""`l2t data`: the data sets, what of them is ready, and how to make it ready."""

from typing import Annotated, Any

import typer

from cli.diagnostics import ExitCode, say
from cli.output import Column, write, write_json, write_table
from cli.working import working
from l2t import paths
from l2t.data import catalog
from l2t.errors import DataError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Data sets: list, prepare, verify, describe.")

Names = Annotated[list[str], typer.Argument(metavar="NAME…", help="Data sets: names of `l2t data list`, folder:PATH.")]
Size = Annotated[int, typer.Option(min=8, max=224, help="Height and width of the images, pixels.")]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


@app.command("list")
def list_sets(json: Json = False) -> None:
    """All data sets, and what is ready of them."""
    entries = catalog.known()
    if json:
        write_json([_plain(entry) for entry in entries])
        return
    columns = [
        Column("name", cut=True),
        Column("classes", right=True),
        Column("train", right=True),
        Column("test", right=True),
        Column("pixels", right=True),
        Column("ready at"),
        Column("what it is", cut=True),
    ]
    write_table(columns, [_row(entry) for entry in entries])
    write(
        f"\nImages are kept in {paths.data()}; `l2t data prepare NAME` makes a set ready, `l2t run` does it by itself."
    )


@app.command()
def prepare(names: Names, size: Size = 32, json: Json = False) -> None:
    """Download, verify and decode data sets, so that runs find them ready."""
    prepared = []
    for name in names:
        with working(name) as progress:
            info = catalog.prepare(name, size, progress)
        prepared.append(info)
        if not json:
            write(
                f"{info.name}: {sum(info.train_counts)} training and {sum(info.test_counts)} test images of "
                f"{len(info.classes)} classes, ready at {size}×{size}"
            )
        if info.ignored:
            say(f"{info.name}: files left out because they are no images: {info.ignored}")
    if json:
        write_json([info.model_dump(mode="json") for info in prepared])


@app.command()
def verify(names: Names, json: Json = False) -> ExitCode:
    """Compare data sets' own files and decoded images with what was prepared. Exit code 1 where images were damaged."""
    results = []
    for name in names:
        with working(name) as progress:
            info, mended = catalog.verify(name, progress)
        results.append({"name": info.name, "checksum": info.checksum, "mended": list(mended)})
        if not json:
            write(f"{info.name}: {info.checksum} as prepared")
        for size in mended:
            say(f"{info.name}: the images decoded at {size}×{size} were damaged, and are made anew")
    if json:
        write_json(results)
    return ExitCode.FAILED_RUNS if any(result["mended"] for result in results) else ExitCode.OK


@app.command()
def info(name: Annotated[str, typer.Argument(metavar="NAME", help="A data set.")], json: Json = False) -> None:
    """One data set: classes, images of each, checksum."""
    entry = catalog.status(name)
    if entry.problem:
        raise DataError(entry.problem)
    if json:
        details = entry.info.model_dump(mode="json", exclude={"name", "title"}) if entry.info else {}
        write_json(_plain(entry) | details)
        return
    lines = {"name": entry.name, "title": entry.title, "what it is": entry.summary}
    known = entry.info
    if known is not None:
        lines |= {
            "checksum": known.checksum,
            "images": f"{sum(known.train_counts)} training, {sum(known.test_counts)} test, {_pixels(entry)} pixels",
            "augmented": f"{known.padding} pixels of black border and a random crop"
            + (", random horizontal flip" if known.flip else ""),
        }
    lines["ready at"] = _ready(entry) + (f" ({entry.missing})" if entry.missing and not entry.sizes else "")
    for key, value in lines.items():
        write(f"{key:<11} {value}")
    if known is None:
        write(f"\nIts classes are known once it is prepared: l2t data prepare {entry.name}")
        return
    write("")
    rows = zip(range(len(known.classes)), known.classes, known.train_counts, known.test_counts, strict=True)
    columns = [
        Column("label", right=True),
        Column("class", cut=True),
        Column("train", right=True),
        Column("test", right=True),
    ]
    write_table(columns, [[str(cell) for cell in row] for row in rows])


def _plain(entry: catalog.Known) -> dict[str, Any]:
    known = entry.info
    return {
        "name": entry.name,
        "title": entry.title,
        "summary": entry.summary,
        "ready": list(entry.sizes),
        "missing": entry.missing,
        "problem": entry.problem,
        "checksum": known and known.checksum,
        "class_count": known and len(known.classes),
        "train": known and sum(known.train_counts),
        "test": known and sum(known.test_counts),
    }


def _row(entry: catalog.Known) -> list[str]:
    plain = _plain(entry)
    numbers = ["–" if plain[key] is None else str(plain[key]) for key in ("class_count", "train", "test")]
    return [entry.name, *numbers, _pixels(entry), _ready(entry), entry.problem or entry.summary]


def _pixels(entry: catalog.Known) -> str:
    if entry.info is None:
        return "–"
    return f"{entry.info.height}×{entry.info.width}" if entry.info.height else "various"


def _ready(entry: catalog.Known) -> str:
    if entry.sizes:
        return ", ".join(f"{size}×{size}" for size in entry.sizes)
    if entry.problem:
        return "–"
    return "to download" if entry.missing else "not prepared"
