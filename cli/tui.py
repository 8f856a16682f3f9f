"""`l2t tui`: the screens."""

import gc
import re
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from cli.diagnostics import say
from l2t import paths
from l2t.errors import UsageError, unknown

MODES = ("matrix", "queue", "sweep", "devices", "report")
SCREENS = (*MODES, "cell", "run", "weights", "help")


def tui(
    demo: Annotated[
        bool, typer.Option("--demo", help="A recorded home, with nothing to install or to train: have a look.")
    ] = False,
    read_only: Annotated[bool, typer.Option("--read-only", help="Look only: nothing can be changed.")] = False,
    screenshot: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Draw one screen into a file, and end.")
    ] = None,
    screen: Annotated[
        str,
        typer.Option(
            metavar="NAME", help=f"Begin with {', '.join(MODES)}; draw these or {', '.join(SCREENS[len(MODES) :])}."
        ),
    ] = "matrix",
    size: Annotated[str, typer.Option(metavar="WIDTHxHEIGHT", help="Of the drawing, in characters.")] = "120x40",
) -> int | None:
    """Watch runs, queue new ones, and see the answer form. Closing it stops nothing: runs and supervisor go on.

    Keys are at the foot of each screen, ? shows all of them. They can be changed in keymap.toml in the home.

    Examples:
      l2t tui --demo
      l2t tui --screen queue
      l2t tui --demo --screenshot matrix.svg --screen matrix --size 100x30
    """
    if screen not in SCREENS:
        raise unknown("screen", screen, SCREENS, "l2t tui --help")
    found = re.fullmatch(r"(\d{1,3})x(\d{1,3})", size)
    if found is None or not (20 <= int(found[1]) <= 400 and 5 <= int(found[2]) <= 200):
        raise UsageError(f'--size "{size}" is no size. Write WIDTHxHEIGHT, 20x5 to 400x200')
    if screenshot is not None and screenshot.suffix != ".svg":
        raise UsageError(f"--screenshot {screenshot}: only SVG pictures are drawn. Write FILE.svg")
    if screenshot is None:
        if screen not in MODES:
            raise UsageError(f"--screen {screen} can only be drawn, with --screenshot. Begin with {', '.join(MODES)}")
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise UsageError("the screens need a terminal; --screenshot FILE.svg draws one without")
    with ExitStack() as kept:
        home = paths.home()
        if demo:
            home = _demo(kept, still=screenshot is not None)
        if screenshot is not None:
            from tui.picture import draw

            draw(home, screen, (int(found[1]), int(found[2])), screenshot.expanduser())
            say(f"{screenshot}: the {screen} screen")
            return None
        gc.disable()  # until the first screen stands there: nothing of what is made for it is garbage
        from tui.app import L2TApp

        app = L2TApp(home, read_only, screen)
        app.run()
    return app.return_code


def _demo(kept: ExitStack, still: bool) -> Path:
    """The recorded home in a folder of its own, which goes when `kept` is closed; still: nothing moves in it."""
    import time

    from tui.demo.replay import Replay
    from tui.demo.unpack import Demo

    folder = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="l2t-demo-")))
    demo = kept.enter_context(Demo(folder, time.time()))
    if not still:
        replay = Replay(demo)
        replay.start()
        kept.callback(replay.stop)
    return demo.home
