"""What `l2t.toml` may say, and what is said about mistakes in it."""

from pathlib import Path

import pytest

from l2t.errors import DataError, UsageError
from l2t.jobs.slots import SlotSettings
from l2t.jobs.webhook import Event
from l2t.settings import ENVIRONMENT, Settings, read_settings, webhook_of

SECRET = "https://user:pa55word@hooks.example/T0KEN?key=k3y"


def written(home: Path, text: str) -> Path:
    (home / "l2t.toml").write_text(text)
    return home


def test_without_a_file_all_is_as_by_default(tmp_path: Path) -> None:
    found = read_settings(tmp_path, {})
    assert found == Settings()
    assert found.slots(cores=2) == SlotSettings(cpu=2, gpus=None, per_gpu=1, min_free=2 * 10**9)
    assert webhook_of(found, print) is None


def test_the_file_the_environment_and_options_stand_above_each_other_in_this_order(tmp_path: Path) -> None:
    text = "[supervisor]\ncpu_slots = 3\ngpus = [0, 'GPU-ab']\nslots_per_gpu = 2\nmin_free_memory_gb = 4\n"
    home = written(tmp_path, text)
    assert read_settings(home, {}).slots(9) == SlotSettings(cpu=3, gpus=("0", "GPU-ab"), per_gpu=2, min_free=4 * 10**9)
    variables = {"L2T_GPUS": "1,2", "L2T_CPU_SLOTS": "0", "L2T_MIN_FREE_MEMORY_GB": "0.5", "L2T_SLOTS_PER_GPU": ""}
    found = read_settings(home, variables)
    assert found.slots(9) == SlotSettings(cpu=0, gpus=("1", "2"), per_gpu=2, min_free=5 * 10**8)
    assert found.slots(9, 1, (), 4, 8.0) == SlotSettings(cpu=1, gpus=(), per_gpu=4, min_free=8 * 10**9)


def test_no_gpu_is_an_empty_list_or_the_word_none(tmp_path: Path) -> None:
    assert read_settings(written(tmp_path, "supervisor.gpus = []"), {}).slots(1).gpus == ()
    assert read_settings(written(tmp_path, ""), {"L2T_GPUS": "none"}).slots(1).gpus == ()


def test_a_webhook_has_its_address_and_events(tmp_path: Path) -> None:
    home = written(tmp_path, f"[webhook]\nurl = '{SECRET}'\non = ['sweep-done']\n")
    found = read_settings(home, {})
    assert found.webhook.on == (Event.SWEEP_DONE,)
    assert webhook_of(found, print) is not None
    changed = read_settings(home, {"L2T_WEBHOOK": "http://other.example/x", "L2T_WEBHOOK_ON": "run-failed,sweep-done"})
    assert changed.webhook.url is not None
    assert changed.webhook.url.get_secret_value() == "http://other.example/x"
    assert changed.webhook.on == (Event.RUN_FAILED, Event.SWEEP_DONE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[supervisor]\ncpu_slot = 2", "line 2: supervisor.cpu_slot: unknown key. Did you mean cpu_slots?"),
        (
            "[supervisor]\nfoo = 2",
            "line 2: supervisor.foo: unknown key. Known are cpu_slots, gpus, slots_per_gpu, min_",
        ),
        ("\n[webhok]\nurl = 'x'", "line 2: webhok: unknown key. Did you mean webhook?"),
        ("[supervisor]\n\ncpu_slots = -1", "line 3: supervisor.cpu_slots: input should be greater than or equal to 0"),
        ("supervisor.cpu_slots = '2'", "line 1: supervisor.cpu_slots: input should be a valid integer"),
        ("supervisor.cpu_slots = true", "line 1: supervisor.cpu_slots: input should be a valid integer"),
        ("supervisor.gpus = 0", "line 1: supervisor.gpus: input should be a valid array"),
        ("supervisor.gpus = [1.5]", "line 1: supervisor.gpus: input should be a valid string"),
        (
            "supervisor.min_free_memory_gb = inf",
            "line 1: supervisor.min_free_memory_gb: input should be a finite number",
        ),
        ("supervisor = 3", "line 1: supervisor: input should be an object"),
        (
            "[webhook]\non = ['sweep']",
            "line 2: webhook.on: input should be 'sweep-done', 'run-failed' or 'run-diverged'",
        ),
        (
            "[webhook]\nurl = 'ftp://x/y'",
            "line 2: webhook.url: the webhook's address is no http or https URL. Write htt",
        ),
        ("[webhook]\nurl = 5", "line 2: webhook.url: input should be a valid string"),
        ("[webhook\nurl = 'x'", ": expected ']' at the end of a table declaration (at line 1, column 9)"),
        ("a = " + "[" * 2000 + "]" * 2000, ": nested too deeply to be settings"),
    ],
)
def test_a_mistake_is_one_line_with_file_line_and_key(tmp_path: Path, text: str, message: str) -> None:
    home = written(tmp_path, text)
    with pytest.raises(UsageError) as refused:
        read_settings(home, {})
    assert str(refused.value).startswith(f"{home / 'l2t.toml'}")
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("L2T_CPU_SLOTS", "two", 'L2T_CPU_SLOTS="two" is no number'),
        ("L2T_CPU_SLOTS", "-1", "L2T_CPU_SLOTS: supervisor.cpu_slots: input should be greater than or equal to 0"),
        (
            "L2T_SLOTS_PER_GPU",
            "0",
            "L2T_SLOTS_PER_GPU: supervisor.slots_per_gpu: input should be greater than or equal",
        ),
        ("L2T_GPUS", "0,,1", 'L2T_GPUS "0,,1" has an empty entry'),
        (
            "L2T_MIN_FREE_MEMORY_GB",
            "nan",
            "L2T_MIN_FREE_MEMORY_GB: supervisor.min_free_memory_gb: input should be a finite",
        ),
        ("L2T_WEBHOOK", "x", "L2T_WEBHOOK: webhook.url: the webhook's address is no http or https URL"),
        ("L2T_WEBHOOK_ON", "x", "L2T_WEBHOOK_ON: webhook.on: input should be 'sweep-done', 'run-failed' or"),
    ],
)
def test_a_mistake_in_the_environment_names_its_variable(tmp_path: Path, name: str, text: str, message: str) -> None:
    assert name in ENVIRONMENT
    with pytest.raises(UsageError) as refused:
        read_settings(tmp_path, {name: text})
    assert str(refused.value).startswith(message)


def test_a_file_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "l2t.toml").mkdir()
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read_settings(tmp_path, {})
    other = tmp_path / "other"
    other.mkdir()
    (other / "l2t.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="no UTF-8 text"):
        read_settings(other, {})


@pytest.mark.parametrize(
    "text",
    [
        "[webhook]\nurl = '{}'\non = ['nothing']",
        "[webhook]\nurl = ['{}']",
        "[webhook]\nurls = '{}'",
        "webhook = '{}'",
        "[webhook]\nurl = '{}'x",
        "[webhook]\nurl: {}",
        "['{}']",
        "[webhook]\n'{}' = 1",
        "[webhook]\nurl = ' {}'",
        "[webhook]\nurl = 'x{}'",
        "[webhook]\nurl = '{}@'",
    ],
)
def test_no_mistake_shows_credentials(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_settings(written(tmp_path, text.format(SECRET)), {})
    assert not any(word in str(refused.value) for word in ("user", "pa55word", "T0KEN", "k3y"))


def test_settings_never_show_the_address(tmp_path: Path) -> None:
    found = read_settings(tmp_path, {"L2T_WEBHOOK": SECRET})
    assert not any(word in f"{found!r} {found} {found.model_dump_json()}" for word in ("pa55word", "T0KEN", "k3y"))
