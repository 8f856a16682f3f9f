"""`l2t tui`: the screens."""

from typing import Annotated

import typer

from l2t import paths


def tui(
    read_only: Annotated[bool, typer.Option("--read-only", help="Look only: nothing can be changed.")] = False,
) -> None:
    """Watch runs, queue new ones, and see the answer form. Closing it stops nothing: runs and supervisor go on.

    Keys are at the foot of each screen, ? shows all of them. They can be changed in keymap.toml in the home.
    """
    from tui.app import L2TApp

    L2TApp(paths.home(), read_only).run()
