"""What the form of a new sweep asks, the command line it stands for, and what a dry run says of it."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from l2t.printable import printable
from l2t.words import duration, size
from tui.words import counted


@dataclass(frozen=True)
class Field:
    """A line of the form: an option of `l2t run`."""

    option: str
    title: str
    hint: str
    """What may stand there, one sentence."""
    names: str | None = None
    """Registry whose names it takes."""


FIELDS = (
    Field("recipe", "recipe", "Named settings, below all other fields: demo, thesis, or a TOML file.", "recipes"),
    Field("method", "methods", "Transfer methods, comma-separated. Empty: those of the recipe.", "methods"),
    Field("dataset", "data sets", "Target data sets, or folder:PATH for your own images.", "datasets"),
    Field("shots", "shots", "Training images of each class: 5 or 5,10,30."),
    Field("seeds", "seeds", "A count (30: seeds 0 to 29), or 0-29, or 3,7."),
    Field("source", "source", "Source network to imitate, by name or hash (l2t source list)."),
    Field("target", "target", "Architecture that is trained.", "models"),
    Field("epochs", "epochs", "Length of training. Empty: the recipe's."),
    Field("set", "options", "KEY=VALUES, blank between: method.beta=0.5,1 train.lr=0.01."),
    Field("tag", "tags", "Names to find these runs by: pilot,paper."),
    Field("priority", "priority", "Higher is begun first, whatever else waits; 0 as a rule."),
)  # fmt: skip


def arguments(values: Mapping[str, str]) -> list[str]:
    """Options of `l2t run` and `l2t queue add` for what stands in the form. ValueError for an open quote."""
    found: list[str] = []
    for field in FIELDS:
        text = values.get(field.option, "").strip()
        if not text:
            continue
        if field.option == "set":
            for word in shlex.split(text):
                found += ["--set", word]
        else:
            found += [f"--{field.option}", text]
    return found


def command_line(values: Mapping[str, str]) -> str:
    """The `l2t run` line that does the same."""
    return shlex.join(["l2t", "run", *arguments(values)])


def told(out: str) -> list[str]:
    """What a dry run's JSON says, in lines for people. ValueError for what is none."""
    found = json.loads(out)
    runs, cells = found["runs"], found["cells"]
    lines = [f"{counted(runs['all'], 'run')} in {counted(len(cells), 'cell')}: {_parts(runs)}"]
    for source in found["sources"]:
        lines.append(f"source {source['name']}" + ("" if source["state"] == "done" else ", trained first"))
    if runs["left"]:
        basis = "from runs done here" if found["measured"] else "rough: no runs done here to go by"
        time, slots = duration(max(1.0, found["seconds"])), counted(found["workers"], "slot")
        lines.append(f"about {time} in {slots} ({basis}), {size(found['disk_bytes'])} on disk")
    lines += [f"missing: {what}" for what in found["missing"]]
    return [printable(line) for line in lines]


def _parts(runs: Mapping[str, int]) -> str:
    names = {"new": "new", "done": "done already", "waiting": "waiting", "running": "running", "retried": "again"}
    return ", ".join(f"{runs[name]:,} {word}" for name, word in names.items() if runs[name]) or "nothing"


def known_names(registry: str | None) -> Sequence[str]:
    """Names that a field takes."""
    if registry == "methods":
        from l2t.methods.registry import methods

        return list(methods)
    if registry == "datasets":
        from l2t.data.registry import datasets

        return list(datasets)
    if registry == "models":
        from l2t.models.registry import models

        return list(models)
    if registry == "recipes":
        from l2t.spec.recipe_file import BUILTIN

        return list(BUILTIN)
    return ()
