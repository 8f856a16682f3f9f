"""How long a sweep still takes, judged by what its runs took so far."""

from collections.abc import Sequence

from l2t.store.rows import JobRow, Pace


def remaining(paces: Sequence[Pace], running: Sequence[JobRow], workers: int, now: float) -> float | None:
    """Estimate of the seconds until all is done; None while nothing is known.

    A run is taken to need the mean of its cell's finished runs, else of its method's, else of all, else what the
    running ones come to at their present speed. Source trainings come first, whatever the number of workers.
    """
    ahead = [job for job in running if job.epoch and job.claimed is not None]
    speeds = {job.id: max(now - (job.claimed or now), 0.0) / job.epoch for job in ahead}  # seconds an epoch
    sources = sum(speeds[job.id] * (job.epochs - job.epoch) for job in ahead if job.kind == "source")
    runs = [job for job in ahead if job.kind == "run"]
    left = sum(pace.left for pace in paces)
    if not left:
        return sources if ahead else None

    known = [pace.seconds for pace in paces if pace.seconds is not None]
    whole = known or [speeds[job.id] * job.epochs for job in runs]
    if not whole:
        return None
    overall = sum(whole) / len(whole)
    total = 0.0
    for pace in paces:
        alike = [other.seconds for other in paces if other.method == pace.method and other.seconds is not None]
        total += pace.left * (pace.seconds or (sum(alike) / len(alike) if alike else overall))
    total -= sum(overall * job.epoch / job.epochs for job in runs)
    return sources + max(total, 0.0) / min(workers, left)
