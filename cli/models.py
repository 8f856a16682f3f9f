"""`l2t models`: the network architectures."""

from typing import Annotated, Any

import typer

from cli.completion import complete_models
from cli.output import Column, write, write_json, write_table
from l2t.models.base import ModelInfo
from l2t.models.registry import models as registry

CLASSES = 10
"""Classes that parameters are counted for, where no other number is asked for."""


def models(
    name: Annotated[
        str | None, typer.Argument(help="Show this one's taps.", autocompletion=complete_models, metavar="[MODEL]")
    ] = None,
    classes: Annotated[int, typer.Option(help="Classes of the linear layer.", min=2)] = CLASSES,
    json: Annotated[bool, typer.Option("--json", help="As JSON, with all taps.")] = False,
) -> None:
    """List the architectures, or show the taps (named feature maps) of one."""
    infos = dict(registry.items()) if name is None else {name: registry.get(name)}
    if json:
        records = [_record(model, info, classes) for model, info in infos.items()]
        write_json(records if name is None else records[0])
    elif name is None:
        write_table(
            [
                *(Column("model"), Column("parameters", right=True), Column("taps", right=True)),
                *(Column("from px", right=True), Column("layers", cut=True)),
            ],
            [
                (model, f"{info.parameters(classes):,}", str(len(info.taps)), str(info.smallest), info.summary)
                for model, info in infos.items()
            ],
        )
        write(f"\nParameters with {classes} classes. l2t models MODEL shows its taps; any can be source or target.")
    else:
        _write_model(name, infos[name], classes)


def _record(name: str, info: ModelInfo, classes: int) -> dict[str, Any]:
    return {
        "name": name,
        "title": info.title,
        "summary": info.summary,
        "classes": classes,
        "parameters": info.parameters(classes),
        "smallest": info.smallest,
        "lr": info.lr,
        "taps": [
            {
                "index": index,
                "name": tap.name,
                "channels": tap.channels,
                "stride": tap.stride,
                "crop": tap.crop,
                "stage": index in info.stages,
            }
            for index, tap in enumerate(info.taps)
        ],
    }


def _write_model(name: str, info: ModelInfo, classes: int) -> None:
    size = max(32, info.smallest)
    write(f"{name}: {info.title}, {info.summary}")
    multiples = f", multiples of {info.multiple}" if info.multiple > 1 else ""
    write(
        f"{info.parameters(classes):,} parameters with {classes} classes; "
        f"images of at least {info.smallest} px{multiples}"
    )
    if info.lr is not None:
        write(f"The protocol's learning rate is too high for it: begin with --set train.lr={info.lr}")
    write("")
    write_table(
        [
            *(Column("tap", right=True), Column("name"), Column("channels", right=True), Column("stride", right=True)),
            *(Column(f"at {size} px", right=True), Column("stage end")),
        ],
        [
            (
                *(str(index), tap.name, str(tap.channels), str(tap.stride)),
                *(f"{tap.side(size)}×{tap.side(size)}", "yes" if index in info.stages else ""),
            )
            for index, tap in enumerate(info.taps)
        ],
    )
