"""The registry of actions: every one has its method, and no key has two meanings in one place."""

from pathlib import Path

import pytest

from l2t.errors import UsageError
from l2t.registry import load_object
from tui.actions import ACTIONS, EVERYWHERE, TABLES, checked_keymap, of, shadowed
from tui.app import L2TApp
from tui.memory import Memory, keymap, remember, remembered
from tui.report import Asked

SCREENS = {
    "matrix": "tui.screens.matrix:MatrixScreen",
    "cell": "tui.screens.cell:CellScreen",
    "queue": "tui.screens.queue:QueueScreen",
    "run": "tui.screens.run:RunScreen",
    "sweep": "tui.screens.sweep:SweepScreen",
    "devices": "tui.screens.devices:DevicesScreen",
    "report": "tui.screens.report:ReportScreen",
}


@pytest.mark.parametrize("where", [*SCREENS, EVERYWHERE])
def test_every_action_has_its_method_and_every_screen_its_actions(where: str) -> None:
    owner = L2TApp if where == EVERYWHERE else load_object(SCREENS[where])
    assert of(where)
    for action in of(where):
        assert callable(getattr(owner, f"action_{action.method}")), action.id


def test_every_action_belongs_somewhere_and_its_help_is_a_sentence() -> None:
    assert {action.where for action in ACTIONS} == {*SCREENS, EVERYWHERE, TABLES}
    assert all(action.help.endswith(".") and action.title for action in ACTIONS)


@pytest.mark.parametrize("where", ["matrix", "cell", "queue", "devices"])
def test_no_key_has_two_meanings_on_a_screen(where: str) -> None:
    assert shadowed({}, (EVERYWHERE, TABLES, where)) == []


def test_no_key_is_a_prefix_of_tmux_or_screen() -> None:
    keys = {key for action in ACTIONS for key in action.keys.split(",")}
    assert not keys & {"ctrl+b", "ctrl+a", "ctrl+z", "ctrl+s"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("quit = 3", "names no keys"),
        ("nosuch = 'x'", 'no action "nosuch"'),
        ("quit = ", "keymap.toml"),
        ("retry = 'p'", "one key for two actions: p is"),
    ],
)
def test_a_keymap_that_cannot_be_meant_is_said(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "keymap.toml").write_text(text)
    with pytest.raises(UsageError, match=r"keymap\.toml") as error:
        keymap(tmp_path)
    assert says in str(error.value)


def test_a_keymap_changes_keys(tmp_path: Path) -> None:
    assert keymap(tmp_path) == {}
    (tmp_path / "keymap.toml").write_text("quit = 'Q'")
    assert keymap(tmp_path) == checked_keymap({"quit": "Q"}) == {"quit": "Q"}


def test_memory_is_kept_and_a_damaged_one_is_as_good_as_none(tmp_path: Path) -> None:
    remember(tmp_path, Memory(theme="l2t-light", rate=2.0))
    assert remembered(tmp_path) == Memory(theme="l2t-light", rate=2.0)
    asked = Asked("method=ufm", "scratch", "best-val", "dataset", True, "costs power=2")
    remember(tmp_path, Memory(report=asked))
    assert remembered(tmp_path).report == asked
    for text in ("{", "[]", '{"theme": 3, "rate": "x"}', '{"report": 3}', '{"report": {"metric": ["last"], "x": 1}}'):
        (tmp_path / "tui.json").write_text(text)
        assert remembered(tmp_path) == Memory()
    remember(tmp_path / "nothing", Memory())
    assert not (tmp_path / "nothing").exists()
