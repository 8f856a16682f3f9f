"""`l2t store`: looking after a home: is all as it should be, and what to do where it is not."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.diagnostics import ExitCode, say
from cli.output import Column, write, write_json, write_table
from l2t import paths
from l2t.words import percent, size

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The home: check, rebuild, backup, gc, merge.")

Json = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


@app.command()
def check(json: Json = False) -> ExitCode:
    """Compare the database with the folders. Changes nothing; exit code 1 where something is wrong.

    Says what is only untidy, and which command mends what is not.
    """
    from l2t.store.check import check

    home = paths.home()
    checked = check(home)
    if json:
        plain = {"home": str(home), "good": checked.good} | asdict(checked)
        write_json(plain)
    else:
        if checked.findings:
            write_table(
                [Column(""), Column("where"), Column("what", cut=True), Column("mended by")],
                [
                    ["untidy" if finding.harmless else "wrong", finding.where, finding.what, finding.mend]
                    for finding in checked.findings
                ],
            )
        wrong = sum(not finding.harmless for finding in checked.findings)
        verdict = f"{wrong} things are wrong" if wrong > 1 else "one thing is wrong" if wrong else "nothing is wrong"
        write(f"{checked.jobs} jobs, {checked.folders} folders, {checked.sweeps} sweeps in {home}: {verdict}")
    return ExitCode.OK if checked.good else ExitCode.FAILED_RUNS


@app.command()
def rebuild(json: Json = False) -> None:
    """Make the database anew from the folders. The old one is kept beside it.

    What has a result, and the weights that runs need of it, is done, everything else is queued again. The order of the
    queue, priorities, counts of attempts and the reasons of failures are lost. Refused while a supervisor, an l2t run
    or any other command uses the home.
    """
    from l2t.errors import StoreError
    from l2t.jobs.lock import HomeLock
    from l2t.store.rebuild import rebuild

    home = paths.home()
    if not home.is_dir():
        raise StoreError(f"{home}: there is no such home. Check --home or L2T_HOME")
    with HomeLock(home, "run"):
        rebuilt = rebuild(home)
    for line in rebuilt.refused:
        say(f"left as it is: {line}")
    if json:
        write_json(asdict(rebuilt) | {"damaged": rebuilt.damaged and str(rebuilt.damaged)})
        return
    write(
        f"{rebuilt.done} jobs are done, {rebuilt.queued} queued, {rebuilt.cancelled} cancelled; "
        f"{rebuilt.imported} imported networks; {rebuilt.sweeps} sweeps"
    )
    if rebuilt.unknown:
        say(
            f"{rebuilt.unknown} jobs that sweeps ask for had no folder yet, and what they were is lost: "
            "repeat the commands that asked for them (l2t store check --json lists the sweeps)"
        )
    if rebuilt.damaged:
        say(f"the old database is {rebuilt.damaged}. Remove it when all is well")


@app.command()
def backup(
    to: Annotated[Path, typer.Argument(metavar="TO", help="File to make, or with --with-runs folder.")],
    with_runs: Annotated[
        bool, typer.Option("--with-runs", help="Results, logs and traces too, without checkpoints: a home of its own.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
) -> None:
    """Copy the database while others work on it.

    Examples:
      l2t store backup l2t-monday.db
      l2t store backup /mnt/usb/home --with-runs    (then: l2t ls --home /mnt/usb/home)
    """
    from l2t.store.backup import backup

    to = to.expanduser().absolute()
    write(f"{to}: {size(backup(paths.home(), to, with_runs, force))}")


@app.command()
def gc(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    archived: Annotated[bool, typer.Option("--archived", help="Old attempts of forced and cleared runs too.")] = False,
    json: Json = False,
) -> None:
    """Remove what nobody needs: half-made files, checkpoints of runs that are done, folders that are no job's."""
    from l2t.store.gc import Kind, find, remove

    home = paths.home()
    garbage = find(home, archived)
    freed = sum(item.size for item in garbage) if dry_run else remove(garbage)
    if json:
        items = [{"path": str(item.path), "kind": item.kind, "bytes": item.size} for item in garbage]
        write_json({"removed": not dry_run, "bytes": freed, "items": items})
        return
    sums = {kind: [item.size for item in garbage if item.kind is kind] for kind in Kind}
    rows = [[kind, str(len(sizes)), size(sum(sizes))] for kind, sizes in sums.items() if sizes]
    if rows:
        write_table([Column("what"), Column("number", right=True), Column("space", right=True)], rows)
    write(f"{size(freed)} {'would be' if dry_run else 'are'} free")


@app.command()
def merge(
    other: Annotated[Path, typer.Argument(metavar="HOME", help="Another home, or a copy of its folders.")],
    json: Json = False,
) -> ExitCode:
    """Add another home's finished runs and networks, with sweeps, tags and notes. The other home is only read.

    The same run with another result is reported, and ours kept: exit code 1.
    """
    from l2t.store.merge import merge

    merged = merge(paths.home(), other.expanduser().absolute())
    for line in merged.refused:
        say(f"refused: {line}")
    for id in merged.busy:
        say(f"{id} is running here or forced: merge again when it has ended")
    if json:
        write_json(
            asdict(merged)
            | {
                "conflicts": [
                    asdict(conflict) | {"ours": str(conflict.ours), "theirs": str(conflict.theirs)}
                    for conflict in merged.conflicts
                ]
            }
        )
    else:
        for conflict in merged.conflicts:
            ours, theirs = conflict.accuracies
            apart = f" ({theirs - ours:+.2f})" if ours is not None and theirs is not None else ""
            write(f"{conflict.name} ({conflict.id}) differs: ours {percent(ours)} %, theirs {percent(theirs)} %{apart}")
            write(f"  ours, kept: {conflict.ours}, on {_where(conflict.fingerprints[0])}")
            write(f"  theirs: {conflict.theirs}, on {_where(conflict.fingerprints[1])}")
        write(
            f"{len(merged.added)} added, {merged.equal} the same here, {len(merged.conflicts)} with another result, "
            f"{merged.unfinished} not done there, {len(merged.refused)} refused; {merged.sweeps} sweeps added"
        )
    return ExitCode.FAILED_RUNS if merged.conflicts else ExitCode.OK


def _where(fingerprint: object) -> str:
    from json import dumps

    from l2t.printable import printable

    return printable(dumps(fingerprint, ensure_ascii=False)) if fingerprint else "an unknown machine"
