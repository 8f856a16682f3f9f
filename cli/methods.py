"""`l2t methods`: the transfer methods and their options."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from cli.completion import complete_methods
from cli.output import Column, write, write_json, write_paragraph, write_table
from l2t.methods.base import MethodConfig
from l2t.methods.registry import methods as registry
from l2t.spec.describe import describe


def methods(
    name: Annotated[
        str | None, typer.Argument(help="Show this one's options.", autocompletion=complete_methods, metavar="[METHOD]")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON, with all options.")] = False,
) -> None:
    """List the transfer methods, or show the options of one."""
    configs = dict(registry.items()) if name is None else {name: registry.get(name)}
    if json:
        records = [_record(method, config) for method, config in configs.items()]
        write_json(records if name is None else records[0])
    elif name is None:
        write_table(
            [Column("method"), Column("source"), Column("what it does"), Column("paper", cut=True)],
            [
                (method, "needed" if config.needs_source else "–", config.summary, config.paper)
                for method, config in configs.items()
            ],
        )
        write("\nl2t methods METHOD shows its options; l2t run --set method.OPTION=VALUE changes one.")
    else:
        _write_method(name, configs[name])


def _record(name: str, config: type[MethodConfig]) -> dict[str, Any]:
    return {
        "name": name,
        "summary": config.summary,
        "paper": config.paper,
        "needs_source": config.needs_source,
        "unrolls": config.unrolls,
        "options": [asdict(option) for option in describe(config)],
    }


def _write_method(name: str, config: type[MethodConfig]) -> None:
    write(f"{name}: {config.summary}")
    write(f"Paper: {config.paper}")
    write("Needs a source network." if config.needs_source else "Uses no source network.")
    if config.unrolls:
        write("Differentiates through virtual steps: fp32 or tf32 only.")
    options = describe(config)
    if not options:
        write("No options.")
    for option in options:
        default = "+".join(map(str, option.default)) if isinstance(option.default, list) else option.default
        write(f"\n  method.{option.name} = {default}    ({option.type})")
        write_paragraph(option.help, "    ")
