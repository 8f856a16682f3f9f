"""`l2t run`: ask for runs, do them or have them done, say how they ended."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.asking import Asked, prepare, submit
from cli.diagnostics import ExitCode, say
from cli.slots import WHERE, Gpus, SlotsPerGpu, slot_settings
from cli.spread import spread
from l2t import paths
from l2t.errors import StoreError
from l2t.spec import DataSettings, Model, TrainSettings

if TYPE_CHECKING:
    from cli.follow import Ended
    from l2t.store.rows import RunRow


def run(
    asked: Asked,
    jobs: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=WHERE,
            min=1,
            help="Runs at a time, one CPU thread each. Default: the cores; on CUDA one a GPU. Never changes a result.",
        ),
    ] = None,
    gpus: Gpus = None,
    slots_per_gpu: SlotsPerGpu = None,
    detach: Annotated[
        bool,
        typer.Option(
            "--detach", rich_help_panel=WHERE, help="Leave the work to a supervisor (l2t up), started where none runs."
        ),
    ] = False,
) -> ExitCode:
    from cli.up import ready_to_detach, supervised

    home = paths.home()
    slots = slot_settings(home, cpu=jobs, gpus=gpus, per_gpu=slots_per_gpu)
    if detach:
        ready_to_detach(home)
    prepared = prepare(asked, home, slots)
    if prepared is None:
        return ExitCode.OK
    if jobs and prepared.kind == "cuda" and slots_per_gpu is None:
        slots = slots.model_copy(update={"per_gpu": jobs})
    submitted = submit(home, prepared)
    number = len(prepared.submission.runs)
    if detach:
        if submitted.runs.left:
            supervised(home, slots)
        return _finish(home, submitted.sweep, number, None, asked.json_)
    from cli.follow import follow

    ended = follow(home, submitted.sweep, prepared.kind, slots)
    return _finish(home, submitted.sweep, number, ended, asked.json_)


def _finish(home: Path, sweep: str, number: int, ended: "Ended | None", json_: bool) -> ExitCode:
    """Say how the sweep's runs ended, and what to do next. ended: why they are no longer followed; None: detached."""
    from cli.follow import Ended
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
    done = states[State.DONE]
    if json_:
        counts = {"done": done, "failed": len(lost), "left": len(rows) - done - len(lost)}
        write_json({"sweep": sweep, **counts, "runs": [asdict(row) for row in rows]})
    if lost:
        _say_lost(lost, len(rows), sweep)
    if ended is None:
        say(f"{done} of {len(rows)} runs are done. l2t status shows the others, l2t report compares the methods")
        return ExitCode.OK
    if ended is not Ended.ALL:
        say(f"{_WHY[ended.name]}: {done} of {len(rows)} runs are done. The same command continues")
        return ExitCode.INTERRUPTED
    if states[State.PAUSED]:
        say(f"{states[State.PAUSED]} of {len(rows)} runs are paused. l2t queue resume sweep={sweep} lets them go on")
    if done:
        say(f"{done} of {len(rows)} runs are done. l2t report compares the methods")
    return ExitCode.FAILED_RUNS if lost or states[State.PAUSED] else ExitCode.OK


_WHY = {"STOPPED": "stopped", "LEFT": "left to the supervisor", "DOWN": "the supervisor was ended (l2t down)"}


def _say_lost(lost: "list[RunRow]", number: int, sweep: str) -> None:
    from l2t.store.state import Reason, State

    reasons = Counter(row.reason if row.reason and row.state is State.FAILED else row.state for row in lost)
    words: dict[str, str] = {Reason.ARTEFACT: "without what they need"}
    why = ", ".join(f"{number} {words.get(reason, reason)}" for reason, number in reasons.most_common())
    states = ",".join(sorted({row.state for row in lost}, reverse=True))
    ended = "were cancelled" if set(reasons) == {State.CANCELLED} else f"failed: {why}"
    say(f"{len(lost)} of {number} runs {ended}. l2t show {lost[0].id} tells of the first; "
        f"l2t ls sweep={sweep} state={states} lists them")  # fmt: skip


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

Runs that are done are not run again; failed ones are. Where a supervisor (l2t up) or another l2t run works in this \
home, it works on these runs too, and this command shows how they stand: Ctrl-C then stops only the showing where a \
supervisor goes on. Else Ctrl-C stops with a checkpoint; the same command continues.

Examples:
  l2t run --method l2tww --seeds 30
  l2t run --method scratch,ufm,l2twww --dataset digits --shots 5,10
  l2t run --dataset folder:~/birds --source my-net --seeds 0-4
  l2t run --method ufm,l2tww --set method.beta=0.1,0.5,1
  l2t run --recipe thesis --dry-run
  l2t run --recipe thesis --dataset stl10 --shots 5,10 --jobs 8
  l2t run --recipe thesis --gpus 0,2 --detach

Settings and their defaults, beside each method's own (l2t methods show NAME):
  {_fields("train", TrainSettings)}
  {_fields("data", DataSettings)}
A list of values is a sweep; + joins the entries of a value that is itself a list: method.parts=what+where

Exit codes: 0 all runs are done (or queued, with --detach); 1 some failed or are paused; 2 bad input, nothing was \
started; 130 stopped.
"""
run = spread(run)
