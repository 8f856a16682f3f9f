"""Jobs and sweeps as they are found on disk, read without trust. Used wherever folders, not the database, are believed:
check, rebuild, merge."""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from l2t.store.files import is_temporary
from l2t.store.plain import RefusedError, listed, opened, parse_object, read_object

if TYPE_CHECKING:
    from l2t.spec import ArtefactSpec, RunSpec, SourceSpec

    Spec = RunSpec | SourceSpec | ArtefactSpec

PARENTS = ("runs", "artefacts")
"""Where the folders of jobs lie in a home."""
ARCHIVE = ".archive"
"""Where old attempts lie in each of them."""

_ID = re.compile(r"[0-9a-f]{16}")
_SWEEP = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class Found:
    """A job, by its folder."""

    id: str
    kind: str
    """run, source or artefact; "" for what is shared where its specification cannot be read."""
    path: Path
    spec: Spec | None
    """It fits the folder's name. None where there is none, or it is damaged."""
    result: dict[str, Any] | None
    """What tables show of it is sound. None while it is not done, or it is damaged."""
    spec_problem: str | None = None
    result_problem: str | None = None

    @property
    def imported(self) -> bool:
        """Whether it is an artefact that no job made: its result alone fits its name."""
        return self.spec is None and self.result is not None and self.spec_problem is None

    @property
    def problem(self) -> str | None:
        return self.spec_problem or self.result_problem


@dataclass(frozen=True, slots=True)
class FoundSweep:
    """A sweep, by its file."""

    id: str
    created: float
    command: str
    recipe: str
    seeds_planned: int
    jobs: tuple[str, ...]
    cancelled: float | None

    def plain(self) -> dict[str, Any]:
        """Contents of its file."""
        return (
            asdict(self) if self.cancelled is not None else {k: v for k, v in asdict(self).items() if k != "cancelled"}
        )


def names(home: Path, parent: str) -> list[str]:
    """Names of what lies in `runs` or `artefacts` of a home, but for archives and temporaries."""
    return [name for name in listed(home / parent) if name != ARCHIVE and not is_temporary(name)]


def read_job(home: Path, parent: str, name: str) -> Found:
    """The job whose folder is `parent/name`. Raises RefusedError where it is no folder of a job at all."""
    if not _ID.fullmatch(name):
        raise RefusedError("its name is no id")
    path = home / parent / name
    with opened(home / parent) as outer, opened(name, outer) as folder:
        return _read(folder, parent, name, path)


def read_copy(path: Path, job: Found) -> Found:
    """What `path` holds, a copy of the job's folder."""
    with opened(path) as folder:
        return _read(folder, job.path.parent.name, job.id, path)


def _read(folder: int, parent: str, id: str, path: Path) -> Found:
    spec: Spec | None = None
    result: dict[str, Any] | None = None
    spec_problem = result_problem = None
    try:
        result = read_object("result.json", folder)
        check_result(result or {})
    except RefusedError as error:
        result, result_problem = None, str(error)
    try:
        plain = read_object("spec.json", folder)
        if plain is not None:
            spec = _fitting("run" if parent == "runs" else "", plain, id)
        elif parent == "runs" or result is None or imported_hash(result) != id:
            raise RefusedError("it has no spec.json")
    except RefusedError as error:
        spec_problem = str(error)
    kind = spec.kind if spec else "run" if parent == "runs" else "" if spec_problem else "source"
    return Found(id, kind, path, spec, result, spec_problem, result_problem)


def _fitting(kind: str, plain: Mapping[str, Any], id: str) -> Spec:
    spec = read_spec(kind, plain)
    if spec.id != id:
        raise RefusedError(f"spec.json is of {spec.id}: it was changed, or another version of l2t wrote it")
    return spec


def read_spec(kind: str, plain: Mapping[str, Any]) -> Spec:
    """The specification that plain values are, of a run or of what is shared; RefusedError where they are none."""
    from pydantic import ValidationError

    from l2t.spec import ArtefactSpec, RunSpec, SourceSpec

    model: type[Spec] = RunSpec if kind == "run" else ArtefactSpec if "phase" in plain else SourceSpec
    try:
        spec = model.model_validate(plain)
        _ = spec.id, spec.model_dump_json()  # what no JSON or no text can hold fails here
    except (ValidationError, ValueError, RecursionError) as error:
        raise RefusedError("spec.json is damaged, or another version of l2t wrote it") from error
    return spec


def read_spec_text(kind: str, text: str) -> Spec:
    """`read_spec` of JSON, as the database has it."""
    return read_spec(kind, parse_object(text, "spec.json"))


def imported_hash(result: Mapping[str, Any]) -> str:
    """Hash of an imported artefact, by its result (see `l2t.train.import_source`)."""
    from l2t.spec import content_hash

    return content_hash({"kind": "import"} | {key: result.get(key) for key in ("model", "outputs", "weights")})


def weights_problem(path: Path) -> str | None:
    """What is wrong with the weights of a network or artefact; None where the file is, bit for bit, what was written.

    By the checksums in the file: its tensors are not looked at.
    """
    if not path.is_file():
        return "its weights are missing"
    try:
        with zipfile.ZipFile(path) as archive:
            whole = archive.testzip() is None
    except Exception:  # a damaged file fails in as many ways as there are bytes
        whole = False
    return None if whole else "its weights are damaged"


def check_name(job: Found) -> None:
    """RefusedError where a network has a name that nobody can ask for, what a phase made has one that a network could
    have, or an imported network is not described."""
    from l2t.spec.recipe import SOURCE_NAME

    result = job.result or {}
    name = job.spec.name if job.spec else result.get("name")
    if not isinstance(name, str) or bool(re.fullmatch(SOURCE_NAME, name)) == (job.kind == "artefact"):
        raise RefusedError(f"its name is {name!r:.80}")
    if job.spec is None:
        texts, outputs = (result.get("model"), result.get("origin")), result.get("outputs")
        if not all(isinstance(text, str) and is_text(text) for text in texts) or not _is_count(outputs):
            raise RefusedError("result.json is damaged: model, origin or outputs")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31


def check_result(result: Mapping[str, Any]) -> None:
    """RefusedError where what tables show of a result is no number, or none that a percentage or count can be."""
    best = result.get("best_val")
    if best is not None and not isinstance(best, dict):
        raise RefusedError("result.json is damaged: best_val")
    percentages = {"accuracy": result.get("accuracy"), "rare_recall": result.get("rare_recall")}
    percentages["best_val"] = None if best is None else best.get("accuracy")
    counts = {name: result.get(name) for name in ("parameters", "steps")}
    for name, value in (percentages | counts).items():
        if value is None:
            continue
        whole = name in counts
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            raise RefusedError(f"result.json is damaged: {name} is no number")
        if not (0 <= value < 1 << 63 if whole else math.isfinite(value) and 0 <= value <= 100):
            raise RefusedError(f"result.json is damaged: {name} is {value}")


def read_sweep(path: Path) -> FoundSweep:
    """The sweep of `sweeps/ID.json`; RefusedError where it is none, or of another id."""
    from l2t.spec import content_hash

    if path.suffix != ".json" or not _SWEEP.fullmatch(path.stem):
        raise RefusedError("its name is no sweep's")
    plain = read_object(path)
    if plain is None:
        raise RefusedError("it is not there")
    jobs = plain.get("jobs")
    if not isinstance(jobs, list) or not all(isinstance(job, str) and _ID.fullmatch(job) for job in jobs):
        raise RefusedError("it is damaged: jobs")
    if content_hash(sorted(jobs))[:8] != path.stem:
        raise RefusedError("its jobs do not fit its name")
    texts = [plain.get("command"), plain.get("recipe")]
    if not all(isinstance(text, str) and is_text(text) for text in texts):
        raise RefusedError("it is damaged: command or recipe")
    if not _is_count(plain.get("seeds_planned")):
        raise RefusedError("it is damaged: seeds_planned")
    planned = int(plain["seeds_planned"])
    created = read_time(plain.get("created"), "created")
    cancelled = None if plain.get("cancelled") is None else read_time(plain["cancelled"], "cancelled")
    return FoundSweep(path.stem, created, str(texts[0]), str(texts[1]), planned, tuple(dict.fromkeys(jobs)), cancelled)


def sweep_files(home: Path) -> list[Path]:
    """What lies in `sweeps` of a home, but for temporaries."""
    return [home / "sweeps" / name for name in listed(home / "sweeps") if not is_temporary(name)]


def is_text(value: str) -> bool:
    """Whether a database can hold it: no half of a surrogate pair, and of a length that somebody may have typed."""
    try:
        return len(value.encode()) <= 1 << 20
    except UnicodeEncodeError:
        return False


def read_time(value: Any, label: str) -> float:
    """Seconds since 1970, of any century that matters; RefusedError where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        raise RefusedError(f"it is damaged: {label}")
    return float(value)
