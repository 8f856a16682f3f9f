"""Asking for runs: the options, the plan and the submission that `l2t run` and `l2t queue add` have in common.

Specifications and plans are imported by those who need them: the rest of `l2t queue` does not.
"""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli.completion import (
    complete_datasets,
    complete_methods,
    complete_models,
    complete_pairs,
    complete_recipes,
    complete_sources,
)
from cli.completion_runs import complete_tags
from cli.diagnostics import say
from cli.slots import WHERE, together
from l2t.printable import printable

if TYPE_CHECKING:
    from l2t.jobs.slots import SlotSettings
    from l2t.spec.artefact import ArtefactSpec
    from l2t.spec.request import SweepRequest
    from l2t.spec.run import Device, RunSpec, SourceSpec
    from l2t.store.rows import Submission, Submitted

SELECT, HOW, OUTPUT = "What is run", "How it is trained", "Output"


@dataclass(frozen=True)
class Asked:
    """What is to be run, as options say it."""

    method: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=SELECT,
            metavar="LIST",
            autocompletion=complete_methods,
            help="Transfer methods: scratch,ufm,l2tww,l2twww (l2t methods).",
        ),
    ] = None
    dataset: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=SELECT,
            metavar="LIST",
            autocompletion=complete_datasets,
            help="Target data sets, or folder:PATH for your own images (l2t data list).",
        ),
    ] = None
    shots: Annotated[
        str | None,
        typer.Option(rich_help_panel=SELECT, metavar="LIST", help="Training images of each class: 5 or 5,10,30."),
    ] = None
    seeds: Annotated[
        str | None,
        typer.Option(rich_help_panel=SELECT, metavar="SEEDS", help="A count (30: seeds 0 to 29), or 0-29, 7-7, 3,7."),
    ] = None
    source: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=SELECT,
            metavar="LIST",
            autocompletion=complete_sources,
            help="Source networks, by name or hash (l2t source list).",
        ),
    ] = None
    target: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=SELECT,
            metavar="LIST",
            autocompletion=complete_models,
            help="Target architectures (l2t models).",
        ),
    ] = None
    recipe: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=SELECT,
            metavar="NAME|FILE.toml",
            autocompletion=complete_recipes,
            help="thesis, ablation, demo or a TOML file; says what options do not.",
        ),
    ] = None
    epochs: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=HOW, metavar="LIST", help="Passes over the subset; short for --set train.epochs=."
        ),
    ] = None
    pairs: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=HOW,
            metavar="LIST",
            autocompletion=complete_pairs,
            help="Layers that are matched: all, one-to-one, single, or 2-0+2-1 (the source's third stage end with the "
            "target's first and second); short for --set method.pairs=.",
        ),
    ] = None
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            rich_help_panel=HOW,
            metavar="KEY=VALUES",
            help="method.beta=0.5,1 (for the methods that have it), train.lr=0.01, data.size=64; repeatable.",
        ),
    ] = None
    precision: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=HOW,
            metavar="fp32|tf32|bf16",
            help="Arithmetic: tf32 on CUDA only, bf16 for methods without unrolling.",
        ),
    ] = None
    trace: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=HOW,
            metavar="LIST",
            help="Tensor elements recorded every epoch: 'features.0.weight[4,2,2,0]', 'gamma[14-2,0,1,1]'.",
        ),
    ] = None
    force: Annotated[
        bool, typer.Option("--force", rich_help_panel=HOW, help="Do done runs again; old results are archived.")
    ] = False
    device: Annotated[
        Literal["auto", "cpu", "cuda"],
        typer.Option(rich_help_panel=WHERE, help="auto: CUDA where torch can use it."),
    ] = "auto"
    priority: Annotated[
        int,
        typer.Option(
            rich_help_panel=WHERE, min=-1000, max=1000, help="Higher is begun first, whatever else waits.", metavar="N"
        ),
    ] = 0
    tag: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=SELECT,
            metavar="LIST",
            autocompletion=complete_tags,
            help="Tags for these runs (l2t ls tag=NAME).",
        ),
    ] = None
    note: Annotated[
        str | None, typer.Option(rich_help_panel=SELECT, metavar="TEXT", help="A line about these runs, for l2t show.")
    ] = None
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", rich_help_panel=OUTPUT, help="Show what would run, with time and disk; run nothing."),
    ] = False
    json_: Annotated[
        bool, typer.Option("--json", rich_help_panel=OUTPUT, help="One JSON document on stdout at the end.")
    ] = False

    @property
    def request(self) -> "SweepRequest":
        """The sweep that is asked for. Raises UsageError, with the option, for what cannot be read."""
        from l2t.spec.recipe_file import read_recipe
        from l2t.spec.request import SweepRequest, default_recipe
        from l2t.spec.trace import parse
        from l2t.spec.values import Setting, read_counts, read_seeds, read_setting

        settings = [read_setting(text) for text in self.set_ or ()]
        settings += [Setting("train", "epochs", self.epochs)] if self.epochs is not None else []
        settings += [Setting("method", "pairs", self.pairs)] if self.pairs is not None else []
        settings += [Setting("train", "precision", self.precision)] if self.precision is not None else []
        datasets = entries(self.dataset, "--dataset")
        traces = entries(self.trace, "--trace")
        for element in traces:
            parse(element)
        return SweepRequest(
            recipe=default_recipe(datasets) if self.recipe is None else read_recipe(self.recipe),
            methods=entries(self.method, "--method"),
            datasets=datasets,
            shots=() if self.shots is None else read_counts(self.shots, "--shots"),
            seeds=() if self.seeds is None else read_seeds(self.seeds),
            sources=entries(self.source, "--source"),
            targets=entries(self.target, "--target"),
            settings=tuple(settings),
            trace=traces,
        )


@dataclass(frozen=True)
class Prepared:
    """What will be submitted, and the kind of device it is for."""

    submission: "Submission"
    kind: "Device"


def entries(texts: Sequence[str] | None, option: str) -> tuple[str, ...]:
    """The entries of an option that takes lists and may be repeated."""
    from l2t.spec.values import split

    return tuple(dict.fromkeys(entry for text in texts or () for entry in split(text, option)))


def too_high(runs: Sequence["RunSpec"]) -> dict[str, float]:
    """Targets that some of the runs train at a higher learning rate than they bear, each with one that they do."""
    from l2t.models.registry import models

    known = {target: models.get(target).lr for target in {run.target for run in runs}}
    return {run.target: lr for run in runs if (lr := known[run.target]) is not None and run.train.lr > lr}


def prepare(asked: Asked, home: Path, slots: "SlotSettings") -> Prepared | None:
    """Plan what is asked for, and make its data ready. For a dry run: print the plan, and return None.

    slots: where it will run, for the estimate.
    """
    from cli.dry_run import print_dry_run, print_dry_run_json
    from cli.working import working
    from l2t.jobs.device import choose_device
    from l2t.jobs.estimate import estimate
    from l2t.jobs.inventory import Assumed, Ready
    from l2t.jobs.plan import plan
    from l2t.spec.headline import headline
    from l2t.store.rows import Submission
    from l2t.store.state import State
    from l2t.store.store import Store

    request = asked.request
    kind = choose_device(asked.device, home, slots.gpus)
    say(headline(request))
    with Store.read(home) as store:
        inventory = Assumed(store) if asked.dry_run else Ready(store, working)
        found = plan(request, inventory, kind)
        for target, highest in sorted(too_high(found.runs).items()):
            say(f"train.lr is high for {target}, which seldom learns so: try --set train.lr={highest}")
        submission = Submission(
            command=printable(shlex.join(["l2t", *sys.argv[1:]])),
            recipe=found.recipe,
            seeds_planned=found.seeds_planned,
            runs=found.runs,
            sources=(*found.sources, *found.artefacts),
            force=asked.force,
            priority=asked.priority,
            tags=entries(asked.tag, "--tag"),
            note=asked.note,
        )
        if not isinstance(inventory, Assumed):
            return Prepared(submission, kind)
        planned = store.preview(submission)
        left = [run for run in found.runs if asked.force or planned.states.get(run.id) is not State.DONE]
        makings: list[SourceSpec | ArtefactSpec] = [*found.sources, *found.artefacts]
        untrained = [making for making in makings if planned.states.get(making.id) is not State.DONE]
        cost = estimate(store, left, untrained, found.datasets)
        show = print_dry_run_json if asked.json_ else print_dry_run
        show(found, planned, cost, together(slots, kind), inventory.missing)
    return None


def submit(home: Path, prepared: Prepared) -> "Submitted":
    """Queue it, and say how much of it is left to do."""
    from l2t.jobs.untraced import untraced
    from l2t.store.store import Store

    runs = prepared.submission.runs
    with Store.open(home) as store:
        submitted = store.submit(prepared.submission)
        without = untraced(store, submitted.sweep, runs)
    number, done, to_do = len(runs), submitted.runs.done, submitted.runs.left
    say(
        f"{number:,} run{'s' * (number > 1)} on {prepared.kind}: {done:,} done before, {to_do:,} to do"
        f" (sweep {submitted.sweep})"
    )
    if without:
        say(f"{without:,} run{'s are' if without > 1 else ' is'} done without this trace; --force does them again")
    return submitted
