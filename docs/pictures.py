"""Makes the README's pictures from real output: `make demo`, then `.venv/bin/python docs/pictures.py`.

Runs the command in a terminal of its own, so that colours are there, and draws what it printed.
"""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

from rich.ansi import AnsiDecoder
from rich.console import Console

HERE = Path(__file__).parent
L2T = Path(sys.executable).with_name("l2t")
WIDTH = 100


def printed(*command: str) -> str:
    """What a command prints on a terminal of WIDTH columns, with its colours."""
    home = {"L2T_HOME": ".demo/home", "L2T_DATA": ".demo/data", "COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
    master, slave = pty.openpty()
    process = subprocess.Popen([L2T, *command], cwd=HERE.parent, env=os.environ | home, stdout=slave, stderr=slave)
    os.close(slave)
    output = b""
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not chunk:
            break
        output += chunk
    process.wait()
    return output.decode().replace("\r\n", "\n")


def draw(name: str, *command: str) -> None:
    """docs/images/NAME.svg: the command line and what it printed."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(f"[bold green]$[/bold green] l2t {' '.join(command)}", highlight=False)
    for line in AnsiDecoder().decode(printed(*command)):
        console.print(line, highlight=False)
    (HERE / "images").mkdir(exist_ok=True)
    console.save_svg(str(HERE / "images" / f"{name}.svg"), title="l2t")


def screen(name: str, size: str) -> None:
    """docs/images/NAME.svg: a screen of the recorded demo."""
    file = str(HERE / "images" / f"{name}.svg")
    command = [L2T, "tui", "--demo", "--screenshot", file, "--screen", name, "--size", size]
    subprocess.run(command, check=True, env=os.environ | {"LANG": "C.UTF-8"})


if __name__ == "__main__":
    draw("report", "report", "--brief")
    screen("matrix", "100x20")
    screen("run", "100x26")
