"""Where things lie: the home (store, runs, artefacts) and the data folder (data sets and their caches)."""

import os
from pathlib import Path

import platformdirs


def home(option: Path | None = None) -> Path:
    """The home folder: `--home`, else L2T_HOME, else the platform's user data folder."""
    return (option or Path(os.environ.get("L2T_HOME") or platformdirs.user_data_path("l2t"))).expanduser().absolute()


def data() -> Path:
    """The data folder: L2T_DATA, else the platform's user cache folder."""
    return Path(os.environ.get("L2T_DATA") or platformdirs.user_cache_path("l2t")).expanduser().absolute()
