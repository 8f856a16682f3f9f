"""The form of a new sweep, on the recorded home, with the real command line behind it."""

import json
import os
import queue
import shlex
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from screens import PATIENCE, demo, drive, press, text, until
from textual import events
from textual.pilot import Pilot

from l2t.jobs.daemon import ask_down, wait_down
from l2t.jobs.lock import holder
from l2t.methods.registry import methods
from l2t.store.filter import parse
from l2t.store.store import Store
from tui.app import L2TApp
from tui.command import Answer, Questions, answer
from tui.screens.form import FieldInput
from tui.sweep import FIELDS, Choice, DryRun, command_line, offered, taking
from tui.sweep_check import check
from tui.sweep_choices import named_choices, option_choices
from tui.widgets.choices import Choices

GOLDEN = Path(__file__).parent / "golden" / "tui"

Play = Pilot[Any]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which the embedded images are decoded: that takes longer than all the rest."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("L2T_DATA", str(folder))
        assert answer(folder / "none", ["run", "--dry-run"]).code == 0
    return folder


@pytest.fixture
def home(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("L2T_DATA", str(data))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("L2T_CPU_SLOTS", "2")
    monkeypatch.setenv("L2T_GPUS", "none")
    with demo(tmp_path / "demo", monkeypatch) as made:
        yield made


def flat(app: L2TApp) -> str:
    """What stands on the screen, as if its lines were endless."""
    return " ".join(text(app).split())


async def form(pilot: Play, **values: str) -> None:
    """Open the form, and let these stand in its fields."""
    app = pilot.app
    await press(pilot, "3")
    await until(pilot, lambda: "New sweep" in text(app) and "in 4 cells" in text(app))
    for option, value in values.items():
        app.screen.query_one(f"#{option}", FieldInput).value = value
    await pilot.pause()


def ids(home: Path, *words: str) -> set[str]:
    with Store.read(home) as store:
        return {row.id for row in store.runs(parse(words))}


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40)])
def test_the_form_looks_as_it_did(home: Path, width: int, height: int) -> None:
    file = GOLDEN / f"sweep-{width}x{height}.txt"

    async def play(app: L2TApp, pilot: Play) -> None:
        await form(pilot, method="scratch,l2tww", shots="2,5", seeds="12", epochs="50")
        await until(pilot, lambda: "48 runs in 4 cells" in text(app))
        shown = "\n".join(line.rstrip() for line in text(app).splitlines()) + "\n"
        if os.environ.get("L2T_GOLDEN"):
            file.write_text(shown)
        assert shown == file.read_text()

    drive(home, play, (width, height))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("method", "scratch,l2tw"),
        ("method", "scratch,,ufm"),
        ("dataset", "digit"),
        ("shots", "0"),
        ("seeds", "5-2"),
        ("target", "vgg10"),
        ("recipe", "thesi"),
        ("epochs", "none"),
        ("set", "method.betta=1"),
        ("set", "train.lr=-1"),
        ("set", "beta=1"),
    ],
)
def test_what_is_wrong_is_said_as_the_command_says_it(option: str, value: str, tmp_path: Path) -> None:
    said = answer(tmp_path / "home", ["run", f"--{option}", value, "--dry-run"])
    assert said.code == 2
    assert check({option: value}).problems == {option: said.said}


def test_every_wrong_field_is_marked_before_anything_is_counted(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await form(pilot, method="l2tw", seeds="x")
        await until(pilot, lambda: 'no method "l2tw". Did you mean l2tww? (l2t methods lists all)' in flat(app))
        assert [line.split()[0] for line in text(app).splitlines()[2:13] if line[0] == "✗"] == ["✗methods", "✗seeds"]
        await press(pilot, "f2")
        await until(pilot, lambda: any("Did you mean l2tww?" in toast.message for toast in app._notifications))
        app.screen.query_one("#method", FieldInput).value = "l2tww"
        app.screen.query_one("#seeds", FieldInput).value = "2"
        await until(pilot, lambda: "2 runs in 1 cell: 2 new" in text(app))
        assert "✗methods" not in text(app)

    before = ids(home)
    drive(home, play)
    assert ids(home) == before


def test_an_empty_field_shows_what_it_stands_for() -> None:
    checked = check({"dataset": "cifar10"})
    assert checked.standing["recipe"] == "the protocol's defaults"
    assert checked.standing["epochs"] == "200"
    checked = check({})
    assert checked.standing["set"] == "method.beta=2.0 data.size=16"
    assert (checked.standing["method"], checked.standing["seeds"]) == ("scratch,ufm,l2tww,l2twww", "10")
    assert check({"recipe": "thesis"}).standing["shots"] == "5,30,50,100,10,150,20"


def test_the_help_of_options_is_the_commands(tmp_path: Path) -> None:
    found = json.loads(answer(tmp_path, ["methods", "show", "l2twww", "--json"]).out)["options"]
    checked = check({"method": "l2twww"})
    choices = {choice.text: choice.help for choice in option_choices(checked.methods, checked.recipe)}
    assert len(found) == sum(name.startswith("method.") for name in choices)
    for option in found:
        help = choices[f"method.{option['name']}="]
        assert f"({option['type']}) {option['help']}" in help
        default = "+".join(option["default"]) if isinstance(option["default"], list) else option["default"]
        assert help.startswith(f"method.{option['name']} = {default}")


def test_choices_are_completed_taken_and_taken_back() -> None:
    field = {each.option: each for each in FIELDS}
    named = named_choices()
    known = named["method"]
    assert [choice.text for choice in known] == list(methods)
    assert offered(field["method"], "ufm,l2", known) == (list(known[-2:]), True)
    assert offered(field["method"], "l2tww", known) == (list(known), False)
    assert offered(field["method"], "x", known) == (list(known), False)
    assert taking(field["method"], "ufm,l2", known[-1], known) == "ufm,l2twww"
    assert taking(field["method"], "ufm,scratch", known[0], known) == "ufm"
    assert taking(field["dataset"], "folder:/x", named["dataset"][0], named["dataset"]) == "folder:/x,digits"
    assert taking(field["recipe"], "th", named["recipe"][0], named["recipe"]) == "thesis"
    option = Choice("train.precision=", values=("fp32", "tf32"))
    assert offered(field["set"], "method.beta=1 prec", [option]) == ([option], True)
    assert taking(field["set"], "method.beta=1 prec", option, [option]) == "method.beta=1 train.precision="


def test_names_and_options_are_chosen_by_keys(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await form(pilot)
        values = app.screen.values
        assert not any(values.values())
        await press(pilot, *"l2", "down", "enter", "comma", *"scr", "tab", "tab")
        await until(pilot, lambda: app.screen.values["method"] == "l2twww,scratch")
        assert app.screen.line.field.option == "dataset"
        app.screen.query_one("#set", FieldInput).focus()
        await press(pilot, *"which_i")
        await until(pilot, lambda: "Input of h: the channel's own whole map" in flat(app))
        await press(pilot, "enter")
        await until(pilot, lambda: "pool3" in text(app))
        await press(pilot, "down", "down", "enter")
        await until(pilot, lambda: app.screen.values["set"] == "method.which_input=pool3")
        await press(pilot, "comma", *"ga", "tab")
        await until(pilot, lambda: app.screen.values["set"] == "method.which_input=pool3,gap")
        await until(pilot, lambda: "30 runs in 3 cells" in text(app))

    drive(home, play)


def test_escape_leaves_the_choices_then_the_form_which_is_kept(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await form(pilot, seeds="3")
        await press(pilot, "down", "down", "escape")
        assert app.screen.NAME == "sweep"
        await press(pilot, "escape")
        assert app.screen.NAME == "matrix"
        await press(pilot, "3")
        await until(pilot, lambda: "12 runs in 4 cells" in text(app))

    drive(home, play)


def test_fields_and_choices_are_clicked(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await form(pilot)
        await pilot.click("#source")
        await until(pilot, lambda: "glyphs-resnet8" in text(app).split("methods")[0])
        await pilot.click(Choices, offset=(8, 0))
        await until(pilot, lambda: app.screen.values["source"] == "glyphs-resnet8")
        await press(pilot, "comma")
        await until(pilot, lambda: app.screen.values["source"] == "glyphs-resnet8,")
        await pilot.click("#line")
        assert app.clipboard == command_line(app.screen.values)

    drive(home, play)


def test_what_is_typed_fast_goes_where_it_is_meant(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await form(pilot)
        for key in (*"scratch", "tab", *"digits", "enter", "2", "tab", "4", "shift+tab", "0"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: app.screen.values["seeds"] == "4" and app.screen.values["shots"] == "20")
        assert command_line(app.screen.values) == "l2t run --method scratch --dataset digits --shots 20 --seeds 4"

    drive(home, play)


def test_the_shown_line_does_the_same(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await form(pilot, method="scratch,ufm", shots="2,5", seeds="0-11", epochs="50", set="method.beta=2.0,0.25")
        await until(pilot, lambda: "72 runs in 6 cells: " in text(app))
        shown = flat(app)
        await press(pilot, "f4")
        line = shlex.split(app.clipboard)
        assert line[:2] == ["l2t", "run"]
        assert shown.count(f"$ {app.clipboard}") == 1
        runs = json.loads(answer(home, [*line[1:], "--dry-run", "--json"]).out)["runs"]
        assert f"72 runs in 6 cells: {runs['new']} new, {runs['done']} done already" in text(app)
        assert runs["done"] == 40

    drive(home, play)


def test_only_the_newest_question_is_answered_and_no_two_are_asked_at_once(home: Path) -> None:
    calls: queue.Queue[Callable[[], None]] = queue.Queue()
    running: list[str] = []
    told: list[tuple[str, Answer]] = []

    def aside(work: Callable[[], Answer], then: Callable[[Answer], None]) -> None:
        def call() -> None:
            running.append("one")
            assert len(running) == 1
            found = work()
            running.clear()
            calls.put(lambda: then(found))

        threading.Thread(target=call).start()

    questions = Questions(home, aside)
    for name in ("scratch", "ufm", "l2tww"):
        questions.ask(["methods", "show", name, "--json"], lambda found, name=name: told.append((name, found)))
    calls.get(timeout=PATIENCE)()
    assert not told
    calls.get(timeout=PATIENCE)()
    assert [(name, json.loads(found.out)["name"]) for name, found in told] == [("l2tww", "l2tww")]
    assert not questions.busy
    questions.ask(["methods", "show", "ufm"], lambda found: told.append(("ufm", found)))
    questions.forget()
    calls.get(timeout=PATIENCE)()
    assert len(told) == 1


def test_an_answer_to_an_older_form_is_never_shown(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await form(pilot, method="scratch", seeds="7")
        seeds = app.screen.query_one("#seeds", FieldInput)
        while not app.screen._questions.busy:
            assert "7 runs" not in text(app)
            await pilot.pause(0.01)
        seeds.value = "3"
        shown = set()
        while "3 runs in 1 cell" not in text(app):
            shown.add("7 runs" in text(app))
            await pilot.pause(0.02)
        assert shown == {False}

    drive(home, play)


def test_exactly_what_was_counted_is_queued_and_shown(home: Path) -> None:
    before = ids(home)

    async def play(app: L2TApp, pilot: Play) -> None:
        await form(pilot, method="scratch", seeds="20-2", epochs="1", tag="pilot")
        await until(pilot, lambda: "--seeds 20-2 runs backwards" in text(app))
        await pilot.click("#seeds", offset=(20, 0))
        for key in ("3", "f2"):  # before anything is known of the new form
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: app.screen.NAME == "queue" and "[all]" in text(app))
        await until(pilot, lambda: "4 runs   / sweep=" in text(app))
        await until(pilot, lambda: "4 runs queued; the demo" in flat(app))

    drive(home, play, (120, 40))
    with Store.read(home) as store:
        rows = [row for row in store.runs(parse([])) if row.id not in before]
    assert sorted((row.method, row.seed, row.tags) for row in rows) == [
        ("scratch", seed, ("pilot",)) for seed in range(20, 24)
    ]


@pytest.mark.slow
def test_queue_and_start_starts_a_supervisor(home: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"

    async def play(app: L2TApp, pilot: Play) -> None:
        await form(pilot, method="scratch", seeds="2", epochs="1")
        await press(pilot, "f3")
        await until(pilot, lambda: app.screen.NAME == "queue" and "a supervisor works on them" in flat(app))

    try:
        drive(own, play, (120, 40))
        assert holder(own) is not None
        assert len(ids(own)) == 2
    finally:
        ask_down(own, now=True)
        assert wait_down(own, 60)


@pytest.mark.slow
def test_a_thousand_runs_are_queued_after_a_question(home: Path) -> None:
    before = ids(home)

    async def play(app: L2TApp, pilot: Play) -> None:
        await form(pilot, method="scratch", seeds="1001")
        await until(pilot, lambda: "1,001 runs in 1 cell" in text(app))
        await press(pilot, "f2")
        await until(pilot, lambda: "Queue 1,001 runs?" in text(app))
        await press(pilot, "n")
        assert "Queue 1,001 runs?" not in text(app)
        assert "are free" in app.screen._question(DryRun(1, 10**18, (), ()))
        assert app.screen._question(DryRun(1, 10**3, (), ())) is None

    drive(home, play)
    assert ids(home) == before


def test_read_only_counts_and_queues_nothing(home: Path) -> None:
    before = ids(home)

    async def play(app: L2TApp, pilot: Play) -> None:
        await form(pilot, method="scratch", seeds="30-31")
        await until(pilot, lambda: "2 runs in 1 cell" in text(app))
        assert "Queue it" not in text(app)
        await press(pilot, "f2", "f3")
        app.screen.action_submit()
        await until(pilot, lambda: "read-only: nothing is changed" in text(app))
        await pilot.pause(1)

    drive(home, play, read_only=True)
    assert ids(home) == before


def test_what_a_sweep_needs_is_said_with_the_command_that_gets_it(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await form(pilot, recipe="thesis", dataset="stl10")
        await until(pilot, lambda: "missing: data set stl10: l2t data prepare stl10" in flat(app))
        assert "l2t source import FILE --name tinyimagenet-resnet32" in flat(app)

    drive(home, play)


def test_an_ascii_terminal_gets_ascii_only(home: Path) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await form(pilot, set="method.which_s", seeds="x")
        app.screen.query_one("#set", FieldInput).focus()
        await until(pilot, lambda: "PyTorch's start without offset" in flat(app) and "xseeds" in text(app))
        assert text(app).isascii()
        assert "?" not in text(app)

    drive(home, play, ascii=True)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1, 1), (20, 5), (40, 12), (200, 60)])
def test_the_form_is_drawn_at_any_size(home: Path, size: tuple[int, int]) -> None:
    async def play(app: L2TApp, pilot: Play) -> None:
        await pilot.resize_terminal(*size)
        await press(pilot, "3", "down", "down", "enter", "tab", "pagedown", "escape", "escape")

    drive(home, play)
