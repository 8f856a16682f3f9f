"""The app as a process: what it imports, and a sweep from the form to its cell, in a real terminal."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from l2t.jobs.daemon import ask_down, wait_down
from tui.app import LITTER

PATIENCE = 180.0

IMPORTS = """
import asyncio, json, sys, tempfile
from pathlib import Path
from tui.app import L2TApp
from tui.demo.unpack import Demo

async def look(home):
    app = L2TApp(home, read_only=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(1)
        for key in ("enter", "escape", "2", "enter", "tab", "tab", "tab", "escape", "3", "escape", "4", "f1"):
            await pilot.press(key)
            await pilot.pause(0.3)

with tempfile.TemporaryDirectory() as folder, Demo(Path(folder)) as demo:
    asyncio.run(look(demo.home))
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_the_app_imports_no_torch_scipy_pandas_or_matplotlib(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert "textual" in loaded
    assert not loaded & {"torch", "torchvision", "scipy", "pandas", "matplotlib", "sklearn"}


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """tmux with one window of 80×24; the function sends keys and returns what stands there."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    socket = str(tmp_path / "tmux")
    tmux = ["tmux", "-S", socket, "-f", os.devnull]

    def call(*keys: str, start: list[str] | None = None) -> str:
        if start is not None:
            subprocess.run([*tmux, "new-session", "-d", "-x", "80", "-y", "24", *start], check=True, timeout=20)
        for key in keys:
            subprocess.run([*tmux, "send-keys", key], check=True, timeout=20)
            time.sleep(0.2)  # nobody types faster
        shown = subprocess.run([*tmux, "capture-pane", "-p"], capture_output=True, text=True, check=False, timeout=20)
        return shown.stdout

    yield call
    subprocess.run([*tmux, "kill-server"], capture_output=True, check=False, timeout=20)


def wait(shown: Callable[[], str], *words: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not all(word in shown() for word in words):
        assert time.monotonic() < deadline, shown()
        time.sleep(0.3)


def test_stopped_by_the_shell_it_comes_back_whole(terminal: Callable[..., str], tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = f"import os; open('{pid}', 'w').write(str(os.getpid())); from cli.app import main; main()"
    terminal(start=["env PS1=prompt: sh -i"])
    wait(terminal, "prompt:")
    terminal(f'LANG=C.UTF-8 {sys.executable} -c "{code}" tui', "Enter")
    wait(terminal, "No runs yet")
    os.kill(int(pid.read_text()), signal.SIGTSTP)
    wait(terminal, "Stopped")
    assert "No runs yet" not in terminal()
    terminal("fg", "Enter")
    wait(terminal, "No runs yet")
    assert "prompt:" not in terminal()
    terminal("q")
    wait(terminal, "prompt:")


def test_what_stands_there_at_first_is_no_more_looked_through_for_garbage(
    terminal: Callable[..., str], tmp_path: Path
) -> None:
    said = tmp_path / "said"
    code = f"""import atexit, gc
atexit.register(lambda: open('{said}', 'w').write(f'{{gc.get_freeze_count()}} {{gc.get_threshold()[0]}}'))
from cli.app import main; main()"""
    terminal(start=[f'LANG=C.UTF-8 exec {sys.executable} -c "{code}" tui'])
    wait(terminal, "No runs yet")
    time.sleep(0.5)
    terminal("q")
    wait(lambda: said.read_text() if said.exists() else "", " ")
    frozen, threshold = map(int, said.read_text().split())
    assert frozen > LITTER
    assert threshold == LITTER


def test_a_sweep_from_the_form_to_its_cell(terminal: Callable[..., str], tmp_path: Path) -> None:
    home = Path(os.environ["L2T_HOME"])
    home.mkdir()
    command = f"LANG=C.UTF-8 exec {sys.executable} -c 'from cli.app import main; main()' tui"
    terminal(start=[command])
    try:
        wait(terminal, "No runs yet")
        terminal("3")
        wait(terminal, "recipe    demo")
        terminal("scratch", "Tab", "digits", "Tab", "2", "Tab", "3", "Tab", "Tab", "Tab", "2")
        wait(terminal, "3 runs in 1 cell: 3 new", "l2t run --method scratch --dataset digits")
        terminal("F3")
        wait(terminal, "/ sweep=", "3 runs")
        terminal("1")
        wait(terminal, "scratch", "3/3")
        terminal("Enter")
        wait(terminal, "n 3, ", "done")
        terminal("q")
    finally:
        ask_down(home, now=True)
        assert wait_down(home, 60)
