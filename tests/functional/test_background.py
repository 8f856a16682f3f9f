"""Work in the background, by the real program with an engine without torch: up, down, status, queue, logs, and what
`l2t run` does beside a supervisor or another `l2t run`."""

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from l2t.jobs.daemon import ask_down, wait_down
from l2t.jobs.lock import HomeLock, holder, last_holder
from l2t.jobs.status import SlotStatus, Snapshot, write_snapshot
from l2t.spec import RunSpec, SourceSpec
from l2t.store.rows import RunRow, Submission
from l2t.store.state import State
from l2t.store.store import Store

COMMAND = [sys.executable, str(Path(__file__).parents[1] / "tiny_l2t.py")]
MakeRun = Callable[..., RunSpec]

RECIPE = """
title = "quick"
methods = ["scratch"]
datasets = ["digits"]
shots = [1]
seeds = 2
target = "vgg-small"
train = { epochs = 20, eval_points = 1 }
data = { size = 8 }
"""


@pytest.fixture
def home(tmp_path: Path, tiny_engine: str) -> Iterator[Path]:
    """The test's home; a supervisor that is left there is ended."""
    home = tmp_path / "home"
    yield home
    if (found := holder(home)) is not None and found.mode == "up":
        ask_down(home, now=True)
    assert wait_down(home, 60)


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    path = tmp_path / "quick.toml"
    path.write_text(RECIPE)
    return str(path)


def l2t(*arguments: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
    )
    assert result.returncode == code, result.stderr
    return result


def begin(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=os.environ | environment,
    )


def end(process: subprocess.Popen[str], code: int) -> tuple[str, str]:
    """Output of a process that ends by itself or was told to."""
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    return out, err


def queue(home: Path, *specs: RunSpec, **wanted: Any) -> str:
    with Store.open(home) as store:
        return store.submit(Submission("l2t run --seeds 3", "demo", len(specs), specs, **wanted)).sweep


def rows(home: Path, order: str = "seed") -> list[RunRow]:
    with Store.read(home) as store:
        return store.runs(order=order)


def wait(holds: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def begun(home: Path) -> bool:
    return any(row.state is State.RUNNING and row.epoch for row in rows(home))


def all_done(home: Path) -> bool:
    return all(row.state is State.DONE for row in rows(home))


# The supervisor


def test_up_says_pid_slots_and_what_next_and_is_one_of_its_kind(home: Path) -> None:
    said = l2t("up", "--cpu-slots", "2", "--gpus", "none").stderr
    found = holder(home)
    assert found is not None
    assert f"pid {found.owner.pid} on" in said
    assert "2 slots (cpu 0, cpu 1)" in said
    assert "l2t status shows its work, l2t down ends it" in said
    again = l2t("up", "--cpu-slots", "1").stderr
    assert again.startswith("l2t: already up: ")
    assert "l2t down, then l2t up, changes its slots" in again
    assert l2t("down").stderr.splitlines()[-1] == "l2t: down. l2t up goes on with what is queued"
    assert holder(home) is None
    assert l2t("down").stderr == "l2t: no supervisor runs here; nothing to end\n"


def test_what_is_queued_is_done_after_the_command_that_asked_for_it_has_ended(home: Path, recipe: str) -> None:
    said = l2t("run", "--recipe", recipe, "--device", "cpu", "--jobs", "2", "--detach").stderr
    assert "up: the supervisor (l2t up), pid " in said
    assert "of 2 runs are done. l2t status shows the others" in said
    wait(lambda: all_done(home))
    assert "2 of 2 runs are done" in l2t("run", "--recipe", recipe, "--device", "cpu", "--detach").stderr


def test_down_waits_for_what_runs_and_ctrl_c_ends_the_waiting_only(home: Path, make_run: MakeRun) -> None:
    queue(home, make_run(0, epochs=9999, options={"sleep": 0.02}), make_run(1))
    l2t("up", "--cpu-slots", "1")
    wait(lambda: begun(home))
    process = begin("down")
    assert process.stderr is not None
    assert "ends after what runs now" in process.stderr.readline()
    assert "waiting for scratch digits" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, said = end(process, 130)
    assert "it still ends after what runs" in said
    assert "ends after what runs now" in l2t("status").stdout
    l2t("queue", "cancel", "seed=0")
    assert wait_down(home, 60)
    assert [row.state for row in rows(home)] == [State.CANCELLED, State.QUEUED]
    assert "l2t up works on them" in l2t("status").stdout


def test_down_now_makes_runs_write_a_checkpoint(home: Path, make_run: MakeRun) -> None:
    queue(home, make_run(0, epochs=1000, options={"sleep": 0.05}))
    l2t("up", "--cpu-slots", "1")
    wait(lambda: begun(home))
    l2t("down", "--now")
    [row] = rows(home)
    assert row.state is State.QUEUED
    assert (home / "runs" / row.id / "checkpoint.pt").exists()


def test_a_supervisor_in_the_foreground_ends_with_sigterm_and_is_refused_where_one_is(
    home: Path, make_run: MakeRun
) -> None:
    queue(home, make_run(0, epochs=1000, options={"sleep": 0.05}))
    process = begin("up", "--foreground", "--cpu-slots", "1")
    wait(lambda: begun(home))
    found = holder(home)
    assert found is not None
    assert (found.owner.pid, found.mode) == (process.pid, "up")
    assert l2t("up").stderr.startswith("l2t: already up: ")
    assert f"is held by the supervisor (l2t up), pid {process.pid}" in l2t("up", "--foreground", code=2).stderr
    process.send_signal(signal.SIGTERM)
    end(process, 0)
    assert rows(home)[0].state is State.QUEUED


def test_a_supervisor_of_another_host_is_ended_there(home: Path) -> None:
    home.mkdir()
    bystander = subprocess.Popen(["sleep", "60"])
    owner = {"host": "elsewhere", "boot_id": "", "pid": bystander.pid, "start_ticks": 1}
    record = {"owner": owner, "mode": "up", "since": time.time(), "beat": time.time(), "ended": None}
    record |= {"problem": None}
    with (home / "supervisor.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # another container's, on the same disk
        file.write(json.dumps(record))
        file.flush()
        assert f"pid {bystander.pid} on elsewhere: say l2t down there" in l2t("down", "--now", code=2).stderr
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()
    (home / "supervisor.lock").unlink()


# Status


def test_status_of_an_empty_home_says_how_to_begin(home: Path) -> None:
    said = l2t("status").stdout
    assert "nobody works here" in said
    assert "Nothing is queued. l2t run --detach or l2t queue add asks for runs." in said
    assert json.loads(l2t("status", "--json").stdout)["holder"] is None
    assert not home.exists()


def test_status_tells_who_works_on_what_and_why_runs_failed(home: Path, make_run: MakeRun) -> None:
    sweep = queue(
        home,
        make_run(0, options={"fail": "diverged"}),
        make_run(1, epochs=400, options={"sleep": 0.05}),
        make_run(2),
        priority=1,
    )
    l2t("up", "--cpu-slots", "1")
    wait(lambda: begun(home))
    said = l2t("status").stdout
    assert "the supervisor (l2t up), pid " in said
    assert "1 of 1 slots busy" in said
    assert "scratch digits 5 shots seed 1" in said
    line = next(line for line in said.splitlines() if line.startswith(sweep))
    assert line.split()[1:7] == ["0", "3", "1", "1", "1", "0"]
    assert "diverged (loss is nan" in said
    assert "l2t queue retry --failed" in said
    found = json.loads(l2t("status", "--json").stdout)
    assert (found["holder"]["mode"], found["doing"], found["problem"]) == ("up", "working", None)
    assert [slot["name"] for slot in found["slots"]] == ["cpu 0"]
    assert found["slots"][0]["job"] == rows(home)[1].id
    assert found["sweeps"][0]["left"] == 2
    assert [row["reason"] for row in found["failures"]] == ["diverged"]
    assert found["runs"]["queued"] == 1


def test_a_supervisor_that_was_killed_is_said_to_be(home: Path) -> None:
    l2t("up", "--cpu-slots", "1")
    found = holder(home)
    assert found is not None
    os.kill(found.owner.pid, signal.SIGKILL)
    wait(lambda: holder(home) is None)
    assert "the last one that did was killed" in l2t("status").stdout
    l2t("up", "--cpu-slots", "1")


def test_status_watch_prints_plain_blocks_into_a_pipe(home: Path) -> None:
    process = begin("status", "--watch")
    assert process.stdout is not None
    assert "nobody works here" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, _ = end(process, 130)
    assert "\x1b" not in out


# The queue


def test_the_queue_is_listed_in_the_order_in_which_it_is_begun(home: Path, make_run: MakeRun) -> None:
    queue(home, *(make_run(seed) for seed in range(3)))
    queue(home, make_run(7), priority=3, tags=("urgent",))
    lines = l2t("queue", "list").stdout.splitlines()
    assert [line.split()[4] for line in lines[1:5]] == ["7", "0", "1", "2"]
    assert "urgent" in lines[1]
    assert lines[-1] == "4 runs: 4 queued"
    last = rows(home)[0].id
    assert l2t("queue", "move", last[:8], "--to", "last").stderr.startswith("l2t: 1 run moved")
    listed = json.loads(l2t("queue", "list", "--json").stdout)
    assert [run["seed"] for run in listed] == [7, 1, 2, 0]
    l2t("queue", "priority", "--to", "9", last[:8])
    assert json.loads(l2t("queue", "list", "--json").stdout)[0]["seed"] == 0
    assert len(json.loads(l2t("queue", "list", "seed=1", "--json").stdout)) == 1


def test_runs_are_paused_and_resumed_by_id_filter_and_sweep(home: Path, make_run: MakeRun) -> None:
    sweep = queue(home, *(make_run(seed) for seed in range(3)))
    first = rows(home)[0].id
    assert l2t("queue", "pause", first[:10]).stderr.startswith("l2t: 1 run paused. l2t queue resume")
    assert json.loads(l2t("queue", "pause", "seed=1", "--json").stdout)["changed"] == 1
    assert [row.state for row in rows(home)] == [State.PAUSED, State.PAUSED, State.QUEUED]
    assert "2 runs are paused" in l2t("status").stdout
    assert l2t("queue", "resume", f"sweep={sweep}").stderr == "l2t: 2 runs queued again\n"
    assert {row.state for row in rows(home)} == {State.QUEUED}


def test_pause_now_stops_a_running_run_with_a_checkpoint(home: Path, make_run: MakeRun) -> None:
    queue(home, make_run(0, epochs=1000, options={"sleep": 0.02}))
    l2t("up", "--cpu-slots", "1")
    wait(lambda: begun(home))
    assert "1 running is asked to stop" in l2t("queue", "pause", "--all", "--now").stderr
    wait(lambda: rows(home)[0].state is State.PAUSED)
    assert (home / "runs" / rows(home)[0].id / "checkpoint.pt").exists()


def test_a_cancelled_sweep_leaves_what_another_one_wants_and_retry_takes_it_back(home: Path, make_run: MakeRun) -> None:
    one = queue(home, make_run(0), make_run(1))
    queue(home, make_run(1), make_run(2))
    said = l2t("queue", "cancel", f"sweep={one}").stderr
    assert "1 run cancelled, 1 left, another sweep wants them" in said
    assert [row.state for row in rows(home)] == [State.CANCELLED, State.QUEUED, State.QUEUED]
    assert l2t("queue", "retry", "seed=0").stderr == "l2t: 1 run queued again\n"
    assert {row.state for row in rows(home)} == {State.QUEUED}


def test_failed_runs_are_retried_at_once_or_forgotten(home: Path, make_run: MakeRun) -> None:
    queue(home, make_run(0, options={"fail": "diverged"}), make_run(1))
    l2t("up", "--cpu-slots", "1")
    wait(lambda: [row.state for row in rows(home)] == [State.FAILED, State.DONE])
    assert l2t("queue", "retry", "--failed").stderr == "l2t: 1 run queued again\n"
    wait(lambda: rows(home)[0].state is State.FAILED)
    refused = l2t("queue", "clear", "--all", code=2)
    assert refused.stderr == "l2t: this forgets 1 failed or cancelled runs: --yes says that it is meant\n"
    assert l2t("queue", "clear", "--all", "--yes").stderr == "l2t: 1 run forgotten\n"
    assert [row.state for row in rows(home)] == [State.DONE]


def test_tags_and_notes_are_kept_found_and_harmless(home: Path, make_run: MakeRun) -> None:
    queue(home, make_run(0), make_run(1))
    id = rows(home)[0].id
    assert "tags" not in l2t("ls").stdout.splitlines()[0]
    assert l2t("queue", "tag", id[:8], "--add", "pilot,paper").stderr == "l2t: 1 run tagged\n"
    assert "tags" in l2t("ls").stdout.splitlines()[0]
    assert l2t("ls", "tag=paper").stdout.splitlines()[-1] == "1 runs: 1 queued"
    l2t("queue", "tag", "tag=paper", "--remove", "paper")
    l2t("queue", "note", id[:8], "--text", "look\n\x1b[31mhere")
    shown = l2t("show", id[:8]).stdout
    assert "pilot" in shown
    assert "paper" not in shown
    assert "look\\n\\x1b[31mhere" in shown
    assert "l2t run --seeds 3" in shown
    l2t("queue", "note", id[:8], "--remove")
    assert "here" not in l2t("show", id[:8]).stdout
    assert "../" in l2t("queue", "tag", id[:8], "--add", "../x", code=2).stderr


def test_bytes_that_are_no_text_are_shown_escaped_and_never_break_a_command(home: Path, recipe: str) -> None:
    bad = os.fsdecode(b"a\xff\nb")
    l2t("queue", "add", "--device", "cpu", "--recipe", recipe, "--note", bad)
    assert rows(home)[0].note == "a\\udcff\\nb"
    assert "--note 'a\\udcff\\nb'" in l2t("status").stdout
    l2t("queue", "note", "--all", "--text", bad[::-1])
    assert "b\\n\\udcffa" in l2t("show", rows(home)[0].id).stdout
    for arguments in (
        ["show", bad],
        ["logs", bad],
        ["queue", "pause", bad],
        ["queue", "cancel", f"sweep={bad}"],
        ["queue", "tag", "--all", "--add", bad],
        ["run", "--source", bad],
        ["run", "--dataset", f"folder:{bad}"],
    ):
        said = l2t(*arguments, code=2).stderr
        assert "\\udcff" in said


def test_add_takes_what_run_takes_and_starts_nothing(home: Path, recipe: str) -> None:
    asked = ("queue", "add", "--recipe", recipe, "--device", "cpu", "--tag", "pilot", "--priority", "4", "--note", "n")
    result = l2t(*asked, "--json")
    assert "queued; no supervisor runs here: l2t up works on it" in result.stderr
    found = json.loads(result.stdout)
    assert found["runs"]["new"] == 2
    assert [(row.state, row.priority, row.tags, row.note) for row in rows(home)] == [
        (State.QUEUED, 4, ("pilot",), "n")
    ] * 2
    planned = json.loads(l2t(*asked, "--dry-run", "--json").stdout)
    assert planned["runs"]["waiting"] == 2
    assert holder(home) is None


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["pause"], "say which runs: ids, a filter such as state=failed, sweep=ID or tag=NAME, or --all"),
        (["cancel"], "say which runs"),
        (["retry"], "say which runs"),
        (["pause", "--all", "seed=1"], '--all and "seed=1" contradict each other'),
        (["cancel", "sweep=nothing"], "no sweep 'nothing'"),
        (["cancel", "abc"], "no run 'abc' (l2t ls lists all)"),
        (["pause", "state=failde"], 'no state "failde". Did you mean failed?'),
        (["tag", "--all"], "say which tags: --add LIST or --remove LIST"),
        (["note", "--all"], "say either --text TEXT or --remove"),
        (["move", "--all"], "Missing option '--to'"),
        (["paus"], "No such command 'paus'."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_changes_nothing_and_is_one_line(
    home: Path, make_run: MakeRun, arguments: list[str], line: str
) -> None:
    queue(home, make_run(0))
    result = l2t("queue", *arguments, code=2)
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert line in result.stderr
    assert [row.state for row in rows(home)] == [State.QUEUED]


def test_what_waits_for_a_source_is_said_and_the_source_has_a_log(
    home: Path, make_run: MakeRun, make_source: Callable[..., SourceSpec]
) -> None:
    source = make_source()
    with Store.open(home) as store:
        store.submit(Submission("l2t run", "demo", 1, [make_run(source=source.ref)], [source]))
    line = f"1 job of the queue waits for source glyphs ({source.id[:8]}, queued)"
    assert l2t("queue", "list").stdout.splitlines()[-1] == line
    l2t("up", "--cpu-slots", "1")
    end(begin("logs", "-f", source.id[:8]), 0)
    assert "attempt 1 done" in l2t("logs", source.id[:8]).stdout


def test_a_choice_that_no_run_meets_is_said(home: Path, make_run: MakeRun) -> None:
    queue(home, make_run())
    assert "no run meets tag=nosuch" in l2t("queue", "pause", "tag=nosuch").stderr


# Logs


def test_logs_follow_a_run_over_its_attempts_until_it_ends(home: Path, make_run: MakeRun) -> None:
    queue(home, make_run(0, epochs=40, options={"sleep": 0.02, "fail": "once", "at": 20}))
    id = rows(home)[0].id
    assert "it is queued and was never begun" in l2t("logs", id[:8]).stderr
    process = begin("logs", "-f", id[:8])
    l2t("up", "--cpu-slots", "1")
    out, said = end(process, 0)
    assert "attempt 1" in out
    assert "attempt 2" in out
    assert said.endswith(f"l2t: run {id} is done\n")
    assert l2t("logs", id[:8]).stdout == out


def test_logs_show_the_supervisor_and_never_steer_the_terminal(home: Path, make_run: MakeRun) -> None:
    assert "no supervisor has worked here yet" in l2t("logs", "--supervisor").stderr
    queue(home, make_run(0, options={"fail": "crash"}))
    l2t("up", "--cpu-slots", "1")
    wait(lambda: rows(home)[0].attempts)
    log = home / "runs" / rows(home)[0].id / "log.txt"
    wait(lambda: log.exists() and "ZeroDivisionError" in log.read_text())
    with log.open("ab") as file:
        file.write(b"\x1b]0;evil\x07 \xff\n")
    shown = l2t("logs", rows(home)[0].id[:8]).stdout
    assert "ZeroDivisionError" in shown
    assert "\\x1b]0;evil\\x07 \\xff" in shown
    l2t("down", "--now")
    shown = l2t("logs", "--supervisor").stdout
    assert "begins: the supervisor (l2t up)" in shown
    assert "ends" in shown.splitlines()[-1]


def test_a_log_is_followed_over_its_rotation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from cli.logs import LogTail

    path = tmp_path / "log"
    with LogTail(path) as tail:
        assert not tail.show()
        path.write_bytes(b"one\ntw")
        tail.show()
        with path.open("ab") as file:
            file.write(b"o\nthree\n")
        path.rename(tmp_path / "log.1")
        path.write_bytes(b"four\n")
        tail.show()
        path.write_bytes(b"5\n")
        tail.show(whole=True)
    assert capsys.readouterr().out.split() == ["one", "two", "three", "four", "5"]


# l2t run beside others

ASKED = ("run", "--device", "cpu", "--jobs", "1", "--recipe")


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGHUP])
def test_ctrl_c_and_a_hangup_leave_the_work_to_the_supervisor(home: Path, recipe: str, stop: signal.Signals) -> None:
    l2t("up", "--cpu-slots", "1", L2T_TEST_EPOCH="0.05")
    process = begin(*ASKED, recipe, "--seeds", "1", "--epochs", "60")
    wait(lambda: home.exists() and begun(home))
    process.send_signal(stop)
    _, said = end(process, 130)
    assert "worked on by the supervisor (l2t up), pid " in said
    assert ("goes on: l2t status shows its work" in said) == (stop == signal.SIGINT)
    assert "left to the supervisor: 0 of 1 runs are done. The same command continues" in said
    assert rows(home)[0].state is State.RUNNING
    wait(lambda: all_done(home))
    assert rows(home)[0].attempts == 1


def test_a_run_that_follows_a_supervisor_ends_with_l2t_down(home: Path, recipe: str) -> None:
    l2t("up", "--cpu-slots", "1", L2T_TEST_EPOCH="0.05")
    process = begin(*ASKED, recipe, "--seeds", "1", "--epochs", "1000")
    wait(lambda: begun(home))
    l2t("down", "--now")
    _, said = end(process, 130)
    assert "the supervisor was ended (l2t down): 0 of 1 runs are done. The same command continues" in said
    assert rows(home)[0].state is State.QUEUED


def test_a_run_that_follows_a_supervisor_takes_over_when_that_is_killed(home: Path, recipe: str) -> None:
    l2t("up", "--cpu-slots", "1", L2T_TEST_EPOCH="0.05")
    process = begin(*ASKED, recipe, "--seeds", "1", "--epochs", "60")
    wait(lambda: begun(home))
    found = holder(home)
    assert found is not None
    os.kill(found.owner.pid, signal.SIGKILL)
    _, said = end(process, 0)
    assert "1 of 1 runs are done" in said
    last = last_holder(home)
    assert last is not None
    assert (last.mode, last.ended) == ("run", "finished")


def test_a_second_run_is_done_by_the_first_and_takes_over_from_it(home: Path, recipe: str) -> None:
    slow = {"L2T_TEST_EPOCH": "0.05"}
    first = begin(*ASKED, recipe, "--seeds", "0-0", "--epochs", "1000", **slow)
    wait(lambda: home.exists() and begun(home))
    second = begin(*ASKED, recipe, "--seeds", "1-1", "--epochs", "30", **slow)
    assert second.stderr is not None
    wait(lambda: len(rows(home)) == 2)
    assert any("worked on by an l2t run in the foreground" in line for line in second.stderr)
    first.send_signal(signal.SIGINT)
    _, said = end(first, 130)
    assert "stopping: what is running writes a checkpoint" in said
    end(second, 0)
    assert [row.state for row in rows(home)] == [State.QUEUED, State.DONE]


def test_detach_is_refused_before_anything_is_queued_while_a_run_holds_the_home(home: Path, recipe: str) -> None:
    first = begin(*ASKED, recipe, "--seeds", "1", "--epochs", "1000", L2T_TEST_EPOCH="0.05")
    wait(lambda: home.exists() and begun(home))
    said = l2t(*ASKED, recipe, "--seeds", "1", "--detach", code=2).stderr
    assert "--detach needs a supervisor, and the home is held by an l2t run in the foreground" in said
    assert len(rows(home)) == 1
    first.send_signal(signal.SIGINT)
    end(first, 130)


def test_a_sweep_that_is_cancelled_while_it_is_followed_ends(home: Path, recipe: str) -> None:
    process = begin(*ASKED, recipe, "--epochs", "1000", L2T_TEST_EPOCH="0.05")
    wait(lambda: home.exists() and begun(home))
    with Store.read(home) as store:
        [sweep] = store.sweeps()
    l2t("queue", "cancel", f"sweep={sweep.id}")
    _, said = end(process, 1)
    assert "l2t: cancelled  scratch digits 1 shot seed 0  (0/2 done, 2 cancelled)" in said
    assert "2 of 2 runs were cancelled." in said


def test_paused_runs_end_the_following_and_are_said(home: Path, recipe: str) -> None:
    l2t("queue", "add", "--device", "cpu", "--recipe", recipe)
    l2t("queue", "pause", "seed=0")
    said = l2t(*ASKED, recipe, code=1).stderr
    assert "1 of 2 runs are paused. l2t queue resume sweep=" in said
    assert [row.state for row in rows(home)] == [State.PAUSED, State.DONE]


def test_clear_asks_a_person_at_a_terminal(home: Path, make_run: MakeRun) -> None:
    queue(home, make_run(0))
    l2t("queue", "cancel", "--all")
    for answer, left in ((b"n\n", 1), (b"y\n", 0)):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(sys.executable, [*COMMAND, "queue", "clear", "--all"])
        os.write(terminal, answer)
        shown = b""
        while True:
            try:
                shown += os.read(terminal, 1 << 16)
            except OSError:  # how Linux tells that the other end is closed
                break
        os.close(terminal)
        os.waitpid(pid, 0)
        assert b"Forget 1 failed or cancelled runs? [y/N]" in shown
        assert len(rows(home)) == left


# What cannot be begun


def test_a_pause_of_the_supervisor_is_shown_by_status_and_by_who_follows(home: Path, recipe: str) -> None:
    with HomeLock(home, "up") as lock:
        slots = [SlotStatus("cpu 0", "cpu", None, None, None, None)]
        problem = f"{home}: No space left on device"
        write_snapshot(home, Snapshot(lock.holder, "paused", problem, slots, [("gpu 0", "in use by process 7")]))
        process = begin(*ASKED, recipe, "--seeds", "1")
        wait(lambda: (home / "l2t.db").exists() and rows(home))
        said = l2t("status").stdout
        assert f"0 of 1 slots busy, paused: {problem}" in said
        assert "gpu 0 is left alone: in use by process 7" in said
        assert "It goes on by itself when that is mended" in said
        assert process.stderr is not None
        assert any(f"nothing is begun: {problem}" in line for line in process.stderr)
        lock.ending = "down"
    end(process, 130)


def test_runs_without_a_slot_of_their_kind_are_said_to_wait(home: Path, recipe: str) -> None:
    l2t("up", "--cpu-slots", "0")
    process = begin(*ASKED, recipe, "--seeds", "1")
    assert process.stderr is not None
    assert any("nothing is begun: there is no slot for cpu runs" in line for line in process.stderr)
    assert "Some jobs wait: there is no slot for cpu runs. l2t down, then" in l2t("status").stdout
    l2t("down")
    end(process, 130)


# Completion


def test_runs_sweeps_states_and_tags_are_completed(home: Path, make_run: MakeRun) -> None:
    sweep = queue(home, make_run(0), tags=("pilot",))
    id = rows(home)[0].id

    def complete(line: str) -> list[str]:
        words = line.split(" ")
        shell = {"_L2T_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
        return l2t(**shell).stdout.split()

    assert complete(f"l2t show {id[:3]}") == [id[:8]]
    assert complete(f"l2t logs {id[:3]}") == [id[:8]]
    assert complete(f"l2t queue pause sweep={sweep[:2]}") == [f"sweep={sweep}"]
    assert complete("l2t queue pause state=fa") == ["state=failed"]
    assert complete("l2t ls tag=p") == ["tag=pilot"]
    assert complete("l2t queue tag --remove p") == ["pilot"]
    assert "method=" in complete("l2t ls me")
