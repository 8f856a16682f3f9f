"""What `examine` finds, and that it changes nothing."""

import json
import platform
import time
from pathlib import Path

import pytest
from fake_gpus import These, gpu

from l2t import doctor
from l2t.doctor import Check, Verdict, examine, usable
from l2t.jobs.gpus import Gpu, NoGpus
from l2t.jobs.lock import Holder, HomeLock
from l2t.jobs.logind import Logout
from l2t.jobs.owner import current
from l2t.jobs.status import SlotStatus, Snapshot, write_snapshot

TORCH = 'print(\'{"version": "2.9", "cuda": "12.8", "devices": [["H100", 85000000000]]}\')'


def found(checks: list[Check], name: str) -> Check:
    return next(check for check in checks if check.name == name)


def names(checks: list[Check]) -> list[str]:
    return [check.name for check in checks]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A torch that answers at once, and sees one GPU."""
    monkeypatch.setattr(doctor, "PROBE", TORCH)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_a_fresh_machine_is_usable_and_nothing_is_created(tmp_path: Path) -> None:
    checks = examine(tmp_path / "home")
    assert usable(checks)
    assert found(checks, "home").found.startswith(f"{tmp_path / 'home'} (made when needed)")
    assert all(check.advice for check in checks if check.verdict is not Verdict.OK)
    assert list(tmp_path.iterdir()) == []


def test_a_home_under_a_file_is_a_problem_with_advice(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    checks = examine(tmp_path / "file" / "home")
    assert not usable(checks)
    assert found(checks, "home").advice == "choose another folder with --home or L2T_HOME"


def test_a_torch_that_does_not_start_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PROBE", "import no_such_torch")
    check = found(examine(tmp_path), "torch")
    assert (check.verdict, check.found) == (Verdict.PROBLEM, "ModuleNotFoundError: No module named 'no_such_torch'")


def test_a_torch_that_hangs_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PROBE", "import time; time.sleep(60)")
    monkeypatch.setattr(doctor, "PROBE_SECONDS", 0.2)
    assert found(examine(tmp_path), "torch").verdict is Verdict.PROBLEM


@pytest.mark.usefixtures("quick")
def test_a_gpu_that_torch_alone_sees_is_named_with_its_memory(tmp_path: Path) -> None:
    assert found(examine(tmp_path, NoGpus()), "GPU 0").found == "H100, 85 GB, CUDA 12.8"


@pytest.mark.usefixtures("quick")
def test_gpus_are_shown_as_the_driver_tells_with_who_uses_them(tmp_path: Path) -> None:
    checks = examine(tmp_path, These([gpu(0, utilisation=7.0), gpu(1, 4711)], "gpu 2 does not answer: GPU is lost"))
    assert found(checks, "GPU 0").found == "NVIDIA H100, 0.0 of 80 GB in use, 7 % busy"
    assert found(checks, "GPU 1").found == "NVIDIA H100, 1.0 of 80 GB in use; left alone: in use by process 4711"
    assert found(checks, "GPU").found == "gpu 2 does not answer: GPU is lost"
    assert found(checks, "CUDA").found == "CUDA 12.8, 1 GPU that torch can use"


@pytest.mark.usefixtures("quick")
def test_the_workers_of_this_home_are_no_foreign_users_of_a_gpu(tmp_path: Path) -> None:
    one = gpu(0, 4711)
    slot = SlotStatus("gpu 0", "cuda", one.uuid, 4711, None, None)
    write_snapshot(tmp_path, Snapshot(Holder(current(), "up", 0.0, 0.0), "working", None, [slot], []))
    assert "left alone" not in found(examine(tmp_path, These([one])), "GPU 0").found


@pytest.mark.parametrize(
    ("cuda", "gpus", "name", "words"),
    [
        ("null", [], "GPU", "this torch is built for the CPU"),
        ("null", [gpu(0)], "CUDA", "this torch is built for the CPU"),
        ('"12.8"', [], "GPU", "none that CUDA 12.8 can use: no NVIDIA driver"),
        ('"12.8"', [gpu(0)], "CUDA", "none that CUDA 12.8 can use"),
    ],
)
def test_why_there_is_no_gpu_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cuda: str, gpus: list[Gpu], name: str, words: str
) -> None:
    monkeypatch.setattr(doctor, "PROBE", f"""print('{{"version": "2.9", "cuda": {cuda}, "devices": []}}')""")
    check = found(examine(tmp_path, These(gpus, None if gpus else "no NVIDIA driver")), name)
    assert (check.verdict, check.found) == (Verdict.MISSING, words)


@pytest.mark.usefixtures("quick")
def test_processes_that_end_at_logout_are_warned_of(tmp_path: Path) -> None:
    assert "logout" not in names(examine(tmp_path, NoGpus(), lambda: Logout.STAY))
    end = found(examine(tmp_path, NoGpus(), lambda: Logout.END), "logout")
    assert (end.verdict, end.advice.startswith("first loginctl enable-linger, then ")) == (Verdict.MISSING, True)
    assert found(examine(tmp_path, NoGpus(), lambda: Logout.SERVICES), "logout").advice.startswith(
        "start it as a service"
    )


@pytest.mark.usefixtures("quick")
def test_mistakes_in_the_settings_are_a_problem_and_the_webhook_is_shown_without_secrets(tmp_path: Path) -> None:
    assert {"settings", "webhook"}.isdisjoint(names(examine(tmp_path, NoGpus())))
    file = tmp_path / "l2t.toml"
    file.write_text("[webhook]\nurl = 'https://us3r:pa55@host.example/T0KEN'\n")
    shown = found(examine(tmp_path, NoGpus()), "webhook").found
    assert shown == "https://host.example is told of sweep-done, run-failed, run-diverged"
    file.write_text("[supervisor]\ncpu_slots = -1\n")
    checks = examine(tmp_path, NoGpus())
    assert not usable(checks)
    assert "l2t.toml, line 2: supervisor.cpu_slots" in found(checks, "settings").found


@pytest.mark.usefixtures("quick")
def test_who_works_on_the_home_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(examine(tmp_path, NoGpus()), "supervisor").found == "none works on this home (l2t up starts one)"
    with HomeLock(tmp_path, "up"):
        here = found(examine(tmp_path, NoGpus()), "supervisor")
        assert here.verdict is Verdict.OK
        assert here.found.startswith("the supervisor (l2t up), pid ")
    record = tmp_path / "supervisor.lock"
    record.write_text(record.read_text().replace(f'"host": "{platform.node()}"', '"host": "far"'))
    monkeypatch.setattr(doctor, "on_network", lambda path: True)
    monkeypatch.setattr("l2t.jobs.lock.on_network", lambda path: True)
    checks = examine(tmp_path, NoGpus())
    assert "the last that did was the supervisor (l2t up), pid " in found(checks, "supervisor").found
    assert "one host at a time" in found(checks, "home").found
    text = json.dumps(json.loads(record.read_text()) | {"ended": None, "beat": time.time()})
    record.write_text(text)
    elsewhere = found(examine(tmp_path, NoGpus()), "supervisor")
    assert elsewhere.verdict is Verdict.MISSING
    assert elsewhere.advice == "start and stop work on far; reading works from here"


def test_a_damaged_store_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "l2t.db").write_bytes(b"not a database, but long enough" * 10)
    check = found(examine(tmp_path), "store")
    assert check.verdict is Verdict.PROBLEM
    assert "l2t.db" in check.found
