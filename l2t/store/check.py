"""Comparing the database with the folders: what is wrong, what is only untidy, and what mends it. Changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from l2t.errors import StoreError
from l2t.store import found
from l2t.store.database import NAME, DamagedError
from l2t.store.files import read_lines
from l2t.store.folder import JobFolder
from l2t.store.found import Found
from l2t.store.gc import temporaries
from l2t.store.known import Known, KnownJob, described, measured
from l2t.store.plain import RefusedError
from l2t.store.state import State


class Mend(StrEnum):
    """What mends it."""

    REBUILD = "l2t store rebuild"
    GC = "l2t store gc"
    WORK = "nothing to do: the next claim or reconciliation mends it"
    NONE = "nothing to do: it is harmless"
    AGAIN = "ask for it again"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    where: str
    """Path within the home, or the job's id."""
    what: str
    mend: Mend
    harmless: bool
    """Nothing is lost and no table is wrong."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found."""

    findings: list[Finding]
    jobs: int
    """Jobs in the database; 0 where it cannot be read."""
    folders: int
    sweeps: int

    @property
    def good(self) -> bool:
        """Whether nothing is wrong; harmless things aside."""
        return all(finding.harmless for finding in self.findings)


def check(home: Path) -> Checked:
    """Look at a home's database, folders and small files. Raises StoreError where the home cannot be read at all."""
    findings: list[Finding] = []
    jobs: dict[str, KnownJob] | None = None
    artefacts: dict[str, float | None] = {}
    sweeps: set[str] = set()
    folders = [(parent, name) for parent in found.PARENTS for name in found.names(home, parent)]
    try:
        with Known.read(home) as known:
            findings += [Finding(NAME, text, Mend.REBUILD, False) for text in known.problems()]
            jobs, artefacts, sweeps = known.jobs(), known.artefacts(), known.sweeps()
    except DamagedError as error:
        findings.append(Finding(NAME, str(error.__cause__ or error), Mend.REBUILD, False))
    if jobs is not None:
        findings += _jobs(home, jobs, artefacts)
        findings += _orphans(home, folders, jobs, artefacts)
    elif not (home / NAME).exists():
        raise StoreError(f"{home / NAME}: no such file")
    findings += _sweeps(home, sweeps if jobs is not None else None)
    findings += [
        Finding(_within(home, path), "a temporary file of a writer that died", Mend.GC, True)
        for path in temporaries(home)
    ]
    findings += _torn(home, [home / "marks.jsonl"])
    return Checked(findings, len(jobs or {}), len(folders), len(sweeps))


def _jobs(home: Path, jobs: dict[str, KnownJob], artefacts: dict[str, float | None]) -> Iterator[Finding]:
    """Each job against its folder, and each artefact that no job made against its."""
    for job in jobs.values():
        if job.state not in State.__members__.values():
            yield Finding(job.id, f"its state is {job.state!r}", Mend.REBUILD, False)
        yield from _spec(job)
        folder = JobFolder.of(home, job.kind, job.id)
        parent = folder.path.parent.name
        lying = _lying(home, parent, job.id)
        if lying is not None and lying.problem and not job.redo:
            mend, harmless = (Mend.REBUILD, False) if job.done else (Mend.WORK, True)
            yield Finding(f"{parent}/{job.id}", lying.problem, mend, harmless)
        else:
            yield from _result(job, lying, parent)
        yield from _torn(home, [folder.metrics, folder.timing])
        if job.kind != "run" and job.done and (problem := found.weights_problem(folder.weights)):
            yield Finding(f"{parent}/{job.id}", problem, Mend.REBUILD, False)
    for hash, accuracy in artefacts.items():
        if hash not in jobs:
            yield from _imported(home, hash, accuracy)


def _lying(home: Path, parent: str, id: str) -> Found | None:
    """The job's folder; None where there is none."""
    try:
        return found.read_job(home, parent, id)
    except RefusedError:
        return None


def _spec(job: KnownJob) -> Iterator[Finding]:
    """The specification in the database, and what tables show of it."""
    try:
        spec = found.read_spec_text(job.kind, job.spec or "")
    except RefusedError as error:
        yield Finding(job.id, str(error).replace("spec.json", "its row"), Mend.REBUILD, False)
        return
    if spec.id != job.id:
        yield Finding(job.id, f"its row is that of {spec.id}", Mend.REBUILD, False)
    elif job.described != described(spec):
        yield Finding(job.id, "tables show something else than its specification", Mend.REBUILD, False)


def _result(job: KnownJob, lying: Found | None, parent: str) -> Iterator[Finding]:
    where = f"{parent}/{job.id}"
    result = lying.result if lying else None
    if job.done and result is None:
        yield Finding(where, "the database says that it is done, but it has no result", Mend.REBUILD, False)
    elif job.measured != (shown := measured(job.kind, result if job.done else None)):
        text = "tables show another result than it has"
        if job.measured[0] != shown[0]:
            text = f"tables show accuracy {job.measured[0]}, its result is {shown[0]}"
        yield Finding(where, text, Mend.REBUILD, False)
    elif not job.done and result is not None and not job.redo:
        ended = job.state in (State.FAILED, State.CANCELLED, State.PAUSED)
        text = f"it has a result, though the database says that it is {job.state}"
        yield Finding(where, text, Mend.REBUILD if ended else Mend.WORK, True)


def _imported(home: Path, hash: str, accuracy: float | None) -> Iterator[Finding]:
    where = f"artefacts/{hash}"
    lying = _lying(home, "artefacts", hash)
    if lying is None or not lying.imported:
        yield Finding(where, (lying and lying.problem) or "its folder is missing", Mend.AGAIN, False)
        return
    if lying.result is None or lying.result.get("accuracy") != accuracy:
        yield Finding(where, "its result is not what the database says", Mend.REBUILD, False)
    if problem := found.weights_problem(JobFolder(lying.path).weights):
        yield Finding(where, problem, Mend.AGAIN, False)


def _orphans(
    home: Path, folders: list[tuple[str, str]], jobs: dict[str, KnownJob], artefacts: dict[str, float | None]
) -> Iterator[Finding]:
    """Folders that the database does not know."""
    for parent, name in folders:
        if name in jobs or name in artefacts:
            continue
        where = f"{parent}/{name}"
        lying = _lying(home, parent, name)
        if lying is None or lying.spec_problem:
            text = (lying and lying.spec_problem) or "no folder, or none of a job's name"
            yield Finding(where, f"it is no job's: {text}", Mend.GC, True)
            continue
        done = lying.result is not None
        text = f"a {lying.kind} that is {'done' if done else 'begun'}, which the database does not know"
        yield Finding(where, text, Mend.REBUILD, not done)


def _sweeps(home: Path, known: set[str] | None) -> Iterator[Finding]:
    """The sweeps' files, each alone and against the database. known: None where it cannot be read."""
    seen = set()
    for path in found.sweep_files(home):
        try:
            seen.add(found.read_sweep(path).id)
        except RefusedError as error:
            again = known is not None and path.stem in known
            text = f"{error}. The database still knows the sweep; a rebuild would not" if again else str(error)
            yield Finding(_within(home, path), text, Mend.AGAIN if again else Mend.NONE, True)
    if known is None:
        return
    for id in sorted(seen - known):
        yield Finding(f"sweeps/{id}.json", "a sweep that the database does not know", Mend.AGAIN, False)
    for id in sorted(known - seen):
        yield Finding(id, "a sweep without a file: a rebuild would not know it", Mend.AGAIN, True)


def _torn(home: Path, paths: list[Path]) -> Iterator[Finding]:
    """Lines that cannot be read, and a last one without an end."""
    for path in paths:
        try:
            data = path.read_bytes()
        except OSError:
            continue
        bad = data.count(b"\n") - sum(1 for _ in read_lines(path)) + (not data.endswith(b"\n") and bool(data))
        if bad:
            text = f"{bad} torn line{'s' * (bad > 1)}, which readers skip"
            yield Finding(_within(home, path), text, Mend.NONE, True)


def _within(home: Path, path: Path) -> str:
    return path.relative_to(home).as_posix()
