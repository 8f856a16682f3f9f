"""The `l2t` command: which commands there are, and nothing of what they do.

**Adding a command** is one line in `COMMANDS`: its name, the import string of a Typer app (a group, `cli.data:app`)
or of a plain function with Typer annotations (`cli.ls:ls`), its line in `l2t --help`, and the heading above it.
The module is imported only when the command is used or completed, so that `l2t --help` stays fast and light. Options
that commands share are the fields of a dataclass (`cli.asking.Asked`), which `cli.spread` turns into parameters.

**Rules for commands.** Print data with `cli.output`, everything else with `cli.diagnostics.say`. Raise an `L2tError`
for what the user can mend; return None or an `ExitCode`. Do not catch KeyboardInterrupt unless there is work to stop.
Find the home with `l2t.paths.home()`: the option `--home PATH` is given to *every* command by this module, works before
and after the command's name, and sets `L2T_HOME` for this process and the workers it starts. Take no `--home` yourself.
Module level of a command imports only what its help needs (registries' names, settings models): no torch, pandas,
scipy, rich or textual.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Never

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

import l2t
from cli.diagnostics import ExitCode, guarded
from cli.output import prepare
from l2t.errors import unknown


@dataclass(frozen=True)
class Command:
    """One line of `l2t --help`, and where the command is implemented."""

    reference: str
    help: str
    heading: str


COMMANDS = {
    "run": Command("cli.run:run", "Train methods × data sets × shots × seeds; continue what stopped.", "Experiments"),
    "tui": Command("cli.tui:tui", "The screens: watch runs, queue new ones, see the answer form.", "Experiments"),
    "report": Command(
        "cli.report:app", "Compare methods: mean ± interval, n, and tests against a baseline.", "Experiments"
    ),
    "ls": Command("cli.ls:ls", "List runs; filter and sort them.", "Experiments"),
    "show": Command("cli.show:show", "Everything known about one run.", "Experiments"),
    "logs": Command("cli.logs:logs", "What a run, or the supervisor, wrote; follow it.", "Experiments"),
    "export": Command("cli.export:app", "Runs and their metrics as tidy tables: CSV, Parquet.", "Experiments"),
    "verify": Command("cli.verify:verify", "Compute finished runs again; are the bits the same?", "Experiments"),
    "up": Command("cli.up:up", "Start a supervisor, which works on the queue in the background.", "In the background"),
    "down": Command("cli.up:down", "End the supervisor, after what runs or --now.", "In the background"),
    "status": Command("cli.status:status", "Who works on what, what is left, what to do next.", "In the background"),
    "queue": Command(
        "cli.queue:app", "Add, list, order, pause, cancel and retry runs; tags and notes.", "In the background"
    ),
    "data": Command("cli.data:app", "Data sets: list, prepare, verify, describe.", "Ingredients"),
    "models": Command("cli.models:models", "Network architectures, their taps and sizes.", "Ingredients"),
    "methods": Command("cli.methods:app", "Transfer methods: what each minimises, its options.", "Ingredients"),
    "source": Command("cli.source:app", "Source networks: train, import, list, show.", "Ingredients"),
    "store": Command("cli.store:app", "The home itself: check, rebuild, back up, clean, merge.", "Machine"),
    "doctor": Command(
        "cli.doctor:doctor", "What this machine has, what is missing, and what to do about it.", "Machine"
    ),
}


class LazyCommand(TyperCommand):
    """Stands for a command in the list until it is used; then it imports the real one and steps aside."""

    def __init__(self, name: str, command: Command) -> None:
        super().__init__(name, help=command.help)
        self._reference = command.reference

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        return self._load(parent.command).make_context(info_name, args, parent, **extra)

    def _load(self, root: TyperGroup) -> Any:
        from l2t.registry import load_object

        target = load_object(self._reference)
        if not isinstance(target, typer.Typer):
            function, target = target, typer.Typer(add_completion=False)
            target.command(self.name)(function)
        command = get_command(target)
        _give_home(command, next(param for param in root.params if param.name == "home"))
        return command


class Commands(TyperGroup):
    """The group of all commands, none of them imported. Its help is plain: rich would double its time."""

    def __init__(self, **settings: Any) -> None:
        commands = {name: LazyCommand(name, command) for name, command in COMMANDS.items()}
        super().__init__(**(settings | {"commands": commands}))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            raise unknown("command", name, COMMANDS, "l2t --help")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        for heading in dict.fromkeys(command.heading for command in COMMANDS.values()):
            with formatter.section(heading):
                formatter.write_dl(
                    [(f"{name:<8}", command.help) for name, command in COMMANDS.items() if command.heading == heading]
                )

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Exit codes"):
            formatter.write_dl([(f"{code.value:>3}", code.meaning) for code in ExitCode])
        with formatter.section("First steps"):
            formatter.write_dl(list(FIRST_STEPS.items()))


def _give_home(command: Any, option: Any) -> None:
    """Let `command`, and every command below it, take `--home` as well."""
    for below in getattr(command, "commands", {}).values():
        _give_home(below, option)
    command.params.append(option)


def _use_home(value: Path | None) -> None:
    if value is not None:
        os.environ["L2T_HOME"] = str(value.expanduser().absolute())


def _say_version(value: bool) -> None:
    if value:
        typer.echo(f"l2t {l2t.__version__}")
        raise typer.Exit


FIRST_STEPS = {
    "l2t doctor": "is everything there?",
    "l2t run --method scratch,ufm --seeds 5": "a first comparison, on data that is there",
    "l2t report": "its table",
    "l2t run --recipe thesis --detach": "days of work, without a terminal; l2t status looks at it",
}

app = typer.Typer(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def root(
    home: Annotated[
        Path | None,
        typer.Option(
            "--home",
            envvar="L2T_HOME",
            callback=_use_home,
            expose_value=False,
            is_eager=True,
            metavar="FOLDER",
            help="Folder of runs and artefacts. Default: the platform's user data folder.",
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, expose_value=False, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Few-shot transfer learning between networks of different architectures: run, watch, compare."""


def _command() -> int | None:
    if sys.argv[1:] == ["tui"]:  # reading options makes Typer import pydantic: a fifth of the time to the first screen
        from cli.tui import tui

        return tui()
    command: Any = get_command(app)
    if "_L2T_COMPLETE" in os.environ:
        command.main(prog_name="l2t")
    with command.make_context("l2t", sys.argv[1:]) as context:
        result = command.invoke(context)
    return result if isinstance(result, int) else None


def main() -> Never:
    """The console script."""
    prepare()
    sys.exit(guarded(_command))
