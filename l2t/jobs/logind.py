"""Whether systemd's login manager ends a user's processes as soon as he logs out, detached ones included."""

import configparser
import os
import pwd
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path

FOLDERS = tuple(map(Path, ("/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd")))
"""Where its settings lie, the weightiest first."""
LINGER = Path("/var/lib/systemd/linger")
"""Holds a file for each user whose services outlive his sessions."""


class Logout(Enum):
    """What happens to processes of this user at his logout."""

    STAY = "they go on"
    SERVICES = "all but those that his service manager started end"
    END = "all end"


def at_logout(folders: Sequence[Path] = FOLDERS, linger: Path = LINGER, user: str | None = None) -> Logout:
    """What the settings say of `user`, a name; None: the one of this process. What they leave open is as distributions
    build it: processes stay. Root's do so unless another is spared."""
    user = _user() if user is None else user
    login = _settings(folders)
    only, spared = login.get("killonlyusers", "").split(), login.get("killexcludeusers", "root").split()
    if not _true(login.get("killuserprocesses", "no")) or user in spared or (only and user not in only):
        return Logout.STAY
    return Logout.SERVICES if (linger / user).exists() else Logout.END


def _settings(folders: Sequence[Path]) -> Mapping[str, str]:
    """[Login] of logind.conf, then of the files in logind.conf.d in the order of their names; of two files of one name
    that in the weightier folder counts."""
    main = next((folder / "logind.conf" for folder in folders if (folder / "logind.conf").is_file()), None)
    parts = {path.name: path for folder in reversed(folders) for path in (folder / "logind.conf.d").glob("*.conf")}
    found: dict[str, str] = {}
    for path in [*([main] if main else []), *(parts[name] for name in sorted(parts))]:
        parser = configparser.RawConfigParser(strict=False, allow_no_value=True, comment_prefixes=("#", ";"))
        try:
            parser.read_string(path.read_text(errors="replace"))
        except (OSError, configparser.Error):
            continue
        if parser.has_section("Login"):
            found |= {key: value or "" for key, value in parser.items("Login")}
    return found


def _true(value: str) -> bool:
    return value.strip().lower() in ("1", "yes", "y", "true", "t", "on")


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
