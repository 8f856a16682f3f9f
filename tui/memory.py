"""What the app remembers from one day to the next: `HOME/tui.json`, and the keymap that the user writes,
`HOME/keymap.toml`. Neither is needed; a damaged one is as good as none."""

import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from l2t.errors import UsageError
from l2t.store.files import read_json, write_json
from l2t.store.filter import is_filter
from l2t.store.paging import ORDERS
from tui.actions import EVERYWHERE, TABLES, checked_keymap, shadowed
from tui.feed import RATES
from tui.report import Asked

NAME = "tui.json"
KEYMAP = "keymap.toml"
PLACES = ("matrix", "cell", "queue", "run", "sweep", "devices", "report")


@dataclass
class Memory:
    """Choices of the user that outlive the app."""

    theme: str = ""
    """Name of the colour theme; empty: the default."""
    rate: float = 1.0
    """Seconds between two looks."""
    filter: str = ""
    """Of the queue, in the language of `l2t ls`."""
    order: str = "queue"
    """What the queue is sorted by."""
    states: str = ""
    """Which states it shows; empty: all."""
    measure: int = 0
    """What the Matrix shows below each mean."""
    log_scale: bool = False
    smoothing: int = 0
    run_view: str = "curves"
    """What a run's screen shows: curves, weights, log or specification."""
    plot: str = ""
    """Title of the curves; empty: the first that there are."""
    report: Asked = field(default_factory=Asked)
    """What the report is of."""


_POSSIBLE: Mapping[str, Callable[[Any], bool]] = {
    "rate": RATES.__contains__,
    "filter": is_filter,
    "order": lambda order: order.removeprefix("-") in ORDERS,
    "plot": str.isprintable,
}
"""What would be an error where it is used, if it were another; the users of the others look for themselves."""


def remembered(home: Path) -> Memory:
    """What was chosen last; what is not there, of another kind or impossible is as at first."""
    found: Mapping[str, Any] = {}
    with suppress(OSError, ValueError):
        read = read_json(home / NAME)
        found = read if isinstance(read, dict) else {}
    default = Memory()
    kept = {
        each.name: found[each.name]
        for each in fields(Memory)
        if type(found.get(each.name)) is type(getattr(default, each.name))
        and _POSSIBLE.get(each.name, lambda _: True)(found[each.name])
    }
    return Memory(**kept, report=Asked.possible(found.get("report")))


def remember(home: Path, memory: Memory) -> None:
    """Keep it, where the home is there and takes it."""
    if home.is_dir():
        with suppress(OSError):
            write_json(home / NAME, asdict(memory))


def keymap(home: Path) -> dict[str, str]:
    """The user's keys, by action. UsageError, with the file's name, for what it cannot mean."""
    path = home / KEYMAP
    try:
        keys = checked_keymap(tomllib.loads(path.read_text()))
    except FileNotFoundError:
        return {}
    except RecursionError as error:
        raise UsageError(f"{path}: nested too deeply") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {error}") from error
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error
    for place in PLACES:
        wheres = (EVERYWHERE, TABLES, place)
        before = shadowed({}, wheres)  # a screen's own keys may stand above those of its tables
        if twice := [clash for clash in shadowed(keys, wheres) if clash not in before]:
            raise UsageError(f"{path}: one key for two actions: {'; '.join(twice)}")
    return keys
