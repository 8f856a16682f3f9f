"""The engine of tests/tiny_engine.py, every epoch of its runs as slow as L2T_TEST_EPOCH says (seconds)."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import tiny_engine

from l2t.jobs.engine import Engine
from l2t.spec import RunSpec
from l2t.store.folder import JobFolder
from l2t.train.control import Control


def run(spec: RunSpec, folder: JobFolder, home: Path, control: Control) -> dict[str, Any]:
    options = {"sleep": float(os.environ.get("L2T_TEST_EPOCH", "0"))} | spec.options
    return tiny_engine.train(spec.id, spec.train.epochs, options, folder, control)


def load() -> Engine:
    return replace(tiny_engine.load(), run=run)
