"""`l2t methods`: the transfer methods, what they minimise, and their options."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from cli.completion import complete_methods
from cli.output import Column, write, write_json, write_paragraph, write_table
from l2t.methods.base import MethodConfig
from l2t.methods.registry import methods as registry
from l2t.spec.describe import describe

app = typer.Typer(invoke_without_command=True, add_completion=False, help="Transfer methods: list, show.")

Json = Annotated[bool, typer.Option("--json", help="JSON on stdout, with all options.")]


@app.callback()
def methods(context: typer.Context, json: Json = False) -> None:
    """List the transfer methods: what each needs and does, and where it comes from."""
    if context.invoked_subcommand is not None:
        return
    if json:
        write_json([_record(name, config) for name, config in registry.items()])
        return
    write_table(
        [Column("method"), Column("needs"), Column("what it does", cut=True), Column("paper", cut=True)],
        [(name, needs(config), config.summary, config.paper) for name, config in registry.items()],
    )
    write("\nl2t methods show METHOD prints its loss and its options; l2t run --set method.OPTION=VALUE changes one.")


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="METHOD", autocompletion=complete_methods, help="Its name.")],
    json: Json = False,
) -> None:
    """What a method minimises, in symbols and words, what it needs, and its options with their defaults."""
    config = registry.get(name)
    if json:
        write_json(_record(name, config))
        return
    write(f"{name}: {config.summary}\n\n")
    symbols, _, words = config.loss.strip().partition("\n\n")
    for line in symbols.splitlines():
        write(f"  {line}")
    write("\n")
    write_paragraph(" ".join(words.split()), "  ")
    write(f"\nPaper: {config.paper}")
    write(f"Needs: {_NEEDS[needs(config)]}")
    if config.makes:
        write(f"Made before the run, once for all runs that need it: {', '.join(config.makes)}")
    if config.train:
        own = ", ".join(f"train.{key}={value}" for key, value in config.train.items())
        write(f"Its own training settings: {own}")
    if config.unrolls:
        write("Differentiates through virtual steps: fp32 or tf32 only")
    options = describe(config)
    if not options:
        write("No options")
    for option in options:
        default = ("+".join(map(str, option.default)) or "none") if isinstance(option.default, list) else option.default
        write(f"\n  method.{option.name} = {default}    ({option.type})")
        write_paragraph(option.help, "    ")


def needs(config: type[MethodConfig]) -> str:
    """What a method needs, in a word or two."""
    if not config.needs_source:
        return "–"
    return "source, same net" if config.same_architecture else "source"


_NEEDS = {
    "–": "no source network",
    "source": "a source network, of any architecture",
    "source, same net": "a source network; the target is one of its architecture",
}


def _record(name: str, config: type[MethodConfig]) -> dict[str, Any]:
    return {
        "name": name,
        "summary": config.summary,
        "paper": config.paper,
        "loss": config.loss.strip(),
        "needs_source": config.needs_source,
        "same_architecture": config.same_architecture,
        "phases": list(config.makes),
        "train": dict(config.train),
        "unrolls": config.unrolls,
        "options": [asdict(option) for option in describe(config)],
    }
