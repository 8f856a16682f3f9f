"""`l2t source`: networks that runs imitate. Trained here or imported from a checkpoint."""

import re
import shlex
import sys
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.completion import complete_datasets, complete_models, complete_sources
from cli.diagnostics import ExitCode, say
from cli.output import Column, write, write_json, write_table
from l2t import paths
from l2t.errors import UsageError, unknown
from l2t.models.imagenet.weights import IMAGENET
from l2t.models.registry import models
from l2t.printable import printable
from l2t.spec import DataSettings, TrainSettings
from l2t.spec.recipe import SOURCE_NAME, SourceTable
from l2t.spec.values import Setting, read_setting, read_values
from l2t.store.folder import JobFolder
from l2t.store.rows import ArtefactRow, Submission
from l2t.store.state import State
from l2t.store.store import Store
from l2t.words import percent

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Source networks: train, import, list, show.")

Json = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
Name = Annotated[str, typer.Option(help="Name it is shown under and asked for with.")]


@app.command()
def train(
    name: Name,
    dataset: Annotated[str, typer.Option(autocompletion=complete_datasets, help="Data set (all of its images).")],
    model: Annotated[str, typer.Option(autocompletion=complete_models, help="Architecture (l2t models).")],
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the training images. Default: 200.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="train.lr=0.05 or data.size=16; repeatable (l2t run --help)."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=10**18 - 1, help="Seed of start, order and augmentation.")] = 0,
    device: Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="auto: CUDA where torch can use it.")] = "auto",
    force: Annotated[bool, typer.Option("--force", help="Train it again though it is done.")] = False,
    json_: Json = False,
) -> ExitCode:
    """Train and store a source network; continue what was stopped.

    Example:
      l2t source train --name letters --dataset glyphs --model resnet8 --epochs 10 --set data.size=16
    """
    from cli.follow import Ended, follow
    from cli.slots import slot_settings
    from cli.working import working
    from l2t.jobs.device import choose_device
    from l2t.jobs.inventory import Ready
    from l2t.jobs.plan import plan_source

    settings = [read_setting(text) for text in set_ or ()]
    settings += [Setting("train", "epochs", str(epochs))] if epochs is not None else []
    table = SourceTable(
        name=_checked(name),
        dataset=dataset,
        model=model,
        seed=seed,
        train=_single(settings, "train", TrainSettings),
        data=_single(settings, "data", DataSettings),
    )
    home = paths.home()
    slots = slot_settings(home)
    kind = choose_device(device, home, slots.gpus)
    with Store.read(home) as store:
        spec = plan_source(table, Ready(store, working), kind)
    with Store.open(home) as store:
        command = printable(shlex.join(["l2t", *sys.argv[1:]]))
        submitted = store.submit(Submission(command, "", 1, (), (spec,), force))
    ended = follow(home, submitted.sweep, kind, slots)
    if ended is not Ended.ALL:
        say("left to the supervisor" if ended is Ended.LEFT else "stopped. The same command continues")
        return ExitCode.INTERRUPTED
    with Store.read(home) as store:
        job = next(job for job in store.sources() if job.id == spec.id)
        if job.state is not State.DONE:
            say(f"{name} {job.state}: {job.message} (log: {JobFolder.of(home, 'source', spec.id).log})")
            return ExitCode.FAILED_RUNS
        row = store.artefact(spec.id)
    if row is not None:
        if row.name != name:
            say(f"this network is there already, as {row.name}: --source {row.name} uses it")
        _print(row, home, json_)
    return ExitCode.OK


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A PyTorch checkpoint: a state_dict, or a dictionary that holds one.")],
    name: Name,
    json_: Json = False,
) -> None:
    """Read a published checkpoint into the model that it fits. Nothing in the file is ever executed.

    Takes the ResNet-32 of Jang et al., torchvision's files, and whatever has the weights of one of l2t models.

    Example:
      l2t source import tinyimagenet-200-resnet32.pth.tar --name tinyimagenet-resnet32
    """
    from l2t.jobs.importing import import_file

    home = paths.home()
    hash = import_file(file, _checked(name), home)
    with Store.read(home) as store:
        row = store.artefact(hash)
    if row is not None:
        _print(row, home, json_)


@app.command("list")
def list_(json_: Json = False) -> None:
    """All source networks: finished, in training, failed."""
    with Store.read(paths.home()) as store:
        rows = store.artefacts()
        unfinished = [job for job in store.sources() if job.state is not State.DONE]
    rows = [row for row in rows if row.kind == "source"]
    if json_:
        write_json(
            [asdict(row) | {"state": "done"} for row in rows]
            + [{"hash": job.id, "name": job.name, "state": job.state, "message": job.message} for job in unfinished]
        )
        return
    if not rows and not unfinished:
        say(f"no source network yet. l2t source train makes one (l2t run trains the demo's by itself). {_more(())}")
        return
    lines = [
        [
            row.name,
            row.model,
            row.dataset or "–",
            str(row.outputs),
            percent(row.accuracy),
            row.origin,
            row.hash,
            _date(row),
        ]
        for row in rows
    ]
    lines += [[job.name, "", "", "", "", f"{job.state} {job.epoch}/{job.epochs}", job.id, ""] for job in unfinished]
    write_table(
        [
            Column("name", cut=True),
            Column("model"),
            Column("data set", cut=True),
            Column("classes", right=True),
            Column("accuracy %", right=True),
            Column("origin", cut=True),
            Column("hash"),
            Column("made"),
        ],
        lines,
    )
    write(f"\n{_more([row.name for row in rows])}")


def _more(names: Collection[str]) -> str:
    """What can be had beside the sources with these names."""
    absent = [name for name in IMAGENET if name not in names]
    return f"With ImageNet weights, downloaded by the first run: {', '.join(absent)}" if absent else ""


@app.command()
def show(name: Annotated[str, typer.Argument(autocompletion=complete_sources)], json_: Json = False) -> None:
    """One source network, by name (the newest) or hash."""
    home = paths.home()
    with Store.read(home) as store:
        row = store.artefact(name)
        if row is None and name in IMAGENET:
            how = f"{IMAGENET[name].how}, or: l2t source import FILE --name {name}"
            raise UsageError(f"no source network {name} yet: {how}")
        if row is None or row.kind != "source":
            known = [row.name for row in store.artefacts() if row.kind == "source"]
            raise unknown("source network", name, known, "l2t source list")
    _print(row, home, json_)


def _print(row: ArtefactRow, home: Path, json_: bool) -> None:
    parameters = models.get(row.model).parameters(row.outputs)
    folder = JobFolder.of(home, "source", row.hash).path
    where = "on its test images" if row.dataset else "by its file"
    if json_:
        write_json(asdict(row) | {"parameters": parameters, "folder": str(folder)})
        return
    write_table(
        [Column("source network"), Column(row.name)],
        [
            ["model", f"{models.get(row.model).title}, {row.outputs} classes, {parameters:,} parameters"],
            ["data set", row.dataset or "–"],
            ["accuracy", f"{percent(row.accuracy)} % top-1 {where}" if row.accuracy is not None else "–"],
            ["origin", row.origin],
            ["made", _date(row)],
            ["hash", row.hash],
            ["folder", str(folder)],
        ],
    )


def _date(row: ArtefactRow) -> str:
    return datetime.fromtimestamp(row.created).strftime("%Y-%m-%d %H:%M")


def _checked(name: str) -> str:
    if not re.fullmatch(SOURCE_NAME, name):
        raise UsageError(f'--name "{name}": up to 64 letters, digits, dots, dashes and underscores')
    return name


def _single(
    settings: list[Setting], section: str, model: type[TrainSettings] | type[DataSettings]
) -> dict[str, object]:
    """The settings of a section, one value each."""
    values: dict[str, object] = {}
    for setting in settings:
        if setting.section == "method":
            raise UsageError(f"{setting.name}: a source network is trained without a transfer method")
        if setting.section != section:
            continue
        if setting.key in values:
            raise UsageError(f"{setting.name} is set twice")
        found = read_values(model, setting)
        if len(found) > 1:
            raise UsageError(f"{setting.name}={setting.text}: a source network is trained once: one value")
        values[setting.key] = found[0]
    return values
