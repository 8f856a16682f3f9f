"""`l2t run`: ask for runs, do them, say how they ended."""

import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.completion import complete_datasets, complete_methods, complete_models, complete_recipes, complete_sources
from cli.diagnostics import ExitCode, say
from l2t import paths
from l2t.errors import StoreError
from l2t.spec import DataSettings, Model, TrainSettings
from l2t.spec.headline import headline
from l2t.spec.recipe_file import read_recipe
from l2t.spec.request import SweepRequest, default_recipe
from l2t.spec.trace import parse
from l2t.spec.values import Setting, read_counts, read_seeds, read_setting, split

SELECT, HOW, WHERE, OUTPUT = "What is run", "How it is trained", "Where it runs", "Output"


def run(
    method: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=SELECT,
            metavar="LIST",
            autocompletion=complete_methods,
            help="Transfer methods: scratch,ufm,l2tww,l2twww (l2t methods).",
        ),
    ] = None,
    dataset: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=SELECT,
            metavar="LIST",
            autocompletion=complete_datasets,
            help="Target data sets, or folder:PATH for your own images (l2t data list).",
        ),
    ] = None,
    shots: Annotated[
        str | None,
        typer.Option(rich_help_panel=SELECT, metavar="LIST", help="Training images of each class: 5 or 5,10,30."),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(rich_help_panel=SELECT, metavar="SEEDS", help="A count (30: seeds 0 to 29), or 0-29, 7-7, 3,7."),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=SELECT,
            metavar="LIST",
            autocompletion=complete_sources,
            help="Source networks, by name or hash (l2t source list).",
        ),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=SELECT,
            metavar="LIST",
            autocompletion=complete_models,
            help="Target architectures (l2t models).",
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=SELECT,
            metavar="NAME|FILE.toml",
            autocompletion=complete_recipes,
            help="thesis, demo or a TOML file; says what options do not.",
        ),
    ] = None,
    epochs: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=HOW, metavar="LIST", help="Passes over the subset; short for --set train.epochs=."
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            rich_help_panel=HOW,
            metavar="KEY=VALUES",
            help="method.beta=0.5,1 (for the methods that have it), train.lr=0.01, data.size=64; repeatable.",
        ),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=HOW,
            metavar="fp32|tf32|bf16",
            help="Arithmetic: tf32 on CUDA only, bf16 for methods without unrolling.",
        ),
    ] = None,
    trace: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=HOW,
            metavar="LIST",
            help="Tensor elements recorded every epoch: 'features.0.weight[4,2,2,0]', 'gamma[14-2,0,1,1]'.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", rich_help_panel=HOW, help="Do done runs again; old results are archived.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=WHERE,
            min=1,
            help="Worker processes, one thread each. Default: the cores; on CUDA 1. Never changes a result.",
        ),
    ] = None,
    device: Annotated[
        Literal["auto", "cpu", "cuda"],
        typer.Option(rich_help_panel=WHERE, help="auto: CUDA where torch can use it."),
    ] = "auto",
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", rich_help_panel=OUTPUT, help="Show what would run, with time and disk; run nothing."),
    ] = False,
    json_: Annotated[
        bool, typer.Option("--json", rich_help_panel=OUTPUT, help="One JSON document on stdout at the end.")
    ] = False,
) -> ExitCode:
    from cli.dry_run import print_dry_run, print_dry_run_json
    from cli.follow import cores, follow
    from cli.working import working
    from l2t.jobs.device import choose_device
    from l2t.jobs.estimate import estimate
    from l2t.jobs.inventory import Assumed, Ready
    from l2t.jobs.plan import plan
    from l2t.jobs.untraced import untraced
    from l2t.store.rows import Submission
    from l2t.store.state import State
    from l2t.store.store import Store

    settings = [read_setting(text) for text in set_ or ()]
    settings += [Setting("train", "epochs", epochs)] if epochs is not None else []
    settings += [Setting("train", "precision", precision)] if precision is not None else []
    datasets = _entries(dataset, "--dataset")
    request = SweepRequest(
        recipe=default_recipe(datasets) if recipe is None else read_recipe(recipe),
        methods=_entries(method, "--method"),
        datasets=datasets,
        shots=() if shots is None else read_counts(shots, "--shots"),
        seeds=() if seeds is None else read_seeds(seeds),
        sources=_entries(source, "--source"),
        targets=_entries(target, "--target"),
        settings=tuple(settings),
        trace=_traces(trace),
    )
    home = paths.home()
    kind = choose_device(device, home)
    workers = jobs or (1 if kind == "cuda" else cores())
    say(headline(request))
    with Store.read(home) as store:
        inventory = Assumed(store) if dry_run else Ready(store, working)
        asked = plan(request, inventory, kind)
        command = shlex.join(["l2t", *sys.argv[1:]])
        submission = Submission(command, asked.recipe, asked.seeds_planned, asked.runs, asked.sources, force)
        if isinstance(inventory, Assumed):
            planned = store.preview(submission)
            left = [run for run in asked.runs if force or planned.states.get(run.id) is not State.DONE]
            untrained = [source for source in asked.sources if planned.states.get(source.id) is not State.DONE]
            cost = estimate(store, left, untrained, asked.datasets)
            show = print_dry_run_json if json_ else print_dry_run
            show(asked, planned, cost, workers, inventory.missing)
            return ExitCode.OK
    with Store.open(home) as store:
        submitted = store.submit(submission)
        without = untraced(store, submitted.sweep, asked.runs)
    number, done, to_do = len(asked.runs), submitted.runs.done, submitted.runs.left
    say(
        f"{number:,} run{'s' * (number > 1)} on {kind}: {done:,} done before, {to_do:,} to do (sweep {submitted.sweep})"
    )
    if without:
        say(f"{without:,} run{'s are' if without > 1 else ' is'} done without this trace; --force does them again")
    ended = follow(home, submitted.sweep, workers)
    return _finish(home, submitted.sweep, number, ended, json_)


def _entries(texts: Sequence[str] | None, option: str) -> tuple[str, ...]:
    """The entries of an option that takes lists and may be repeated."""
    return tuple(dict.fromkeys(entry for text in texts or () for entry in split(text, option)))


def _traces(texts: Sequence[str] | None) -> tuple[str, ...]:
    elements = _entries(texts, "--trace")
    for element in elements:
        parse(element)
    return elements


def _finish(home: Path, sweep: str, number: int, ended: bool, json_: bool) -> ExitCode:
    """Say how the sweep's runs ended, and what to do next."""
    from cli.output import write_json
    from l2t.store import filter
    from l2t.store.state import State
    from l2t.store.store import Store

    with Store.read(home) as store:
        rows = store.runs(filter.parse([f"sweep={sweep}"]))
    if len(rows) < number:
        raise StoreError(f"{home}: the store was removed or exchanged meanwhile. The same command finds what is done")
    states = Counter(row.state for row in rows)
    lost = [row for row in rows if row.state in (State.FAILED, State.CANCELLED)]
    left = len(rows) - states[State.DONE] - len(lost)
    if json_:
        counts = {"done": states[State.DONE], "failed": len(lost), "left": left}
        write_json({"sweep": sweep, **counts, "runs": [asdict(row) for row in rows]})
    if lost:
        reasons = Counter(row.reason or row.state for row in lost)
        why = ", ".join(f"{number} {reason}" for reason, number in reasons.most_common())
        say(f"{len(lost)} of {len(rows)} runs failed: {why}. l2t show {lost[0].id} tells of the first; "
            f"l2t ls sweep={sweep} state=failed lists them")  # fmt: skip
    if not ended:
        say(f"stopped: {states[State.DONE]} of {len(rows)} runs are done. The same command continues")
        return ExitCode.INTERRUPTED
    if states[State.DONE]:
        say(f"{states[State.DONE]} of {len(rows)} runs are done. l2t report compares the methods")
    return ExitCode.FAILED_RUNS if lost else ExitCode.OK


def _fields(section: str, model: type[Model]) -> str:
    """The settings of a section with their defaults."""
    defaults = {name: "none" if field.default is None else field.default for name, field in model.model_fields.items()}
    return ", ".join(f"{section}.{name}={value}" for name, value in defaults.items())


run.__doc__ = f"""Train methods × data sets × shots × seeds; continue what was stopped.

Lists are separated by commas. What you leave out is taken from a recipe, and the first line says what that was. \
Without --recipe it is the demo's; for data that the demo does not have, the protocol's defaults (200 epochs, 32×32 \
pixels, VGG-9) with the demo's methods, shots, seeds and source.

--method, --dataset and --shots choose among a recipe's cells; values that it does not have form a sweep of their own, \
with the recipe's settings. All other options replace what the recipe says.

Runs that are done are not run again; failed ones are. Ctrl-C stops with a checkpoint; the same command continues.

Examples:
  l2t run --method l2tww --seeds 30
  l2t run --method scratch,ufm,l2twww --dataset digits --shots 5,10
  l2t run --dataset folder:~/birds --source my-net --seeds 0-4
  l2t run --method ufm,l2tww --set method.beta=0.1,0.5,1
  l2t run --recipe thesis --dry-run
  l2t run --recipe thesis --dataset stl10 --shots 5,10 --jobs 8

Settings and their defaults, beside each method's own (l2t methods NAME):
  {_fields("train", TrainSettings)}
  {_fields("data", DataSettings)}
A list of values is a sweep; + joins the entries of a value that is itself a list: method.parts=what+where

Exit codes: 0 all runs are done; 1 some failed; 2 bad input, nothing was started; 130 stopped.
"""
