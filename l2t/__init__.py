"""l2t: few-shot transfer learning between networks of different architectures.

The package holds all behaviour; the faces (`cli`, `tui`) only ask it and draw. Nothing here imports a face,
Typer or Textual. torch is for workers only: what faces, plans and the store import (specifications, registries, every
`config.py`, the catalogue of data sets, `l2t.matching.pairs`) never loads it; import-linter holds them to it.
"""

__version__ = "0.1.0"

ENGINE = 1
"""Raised whenever a change to the code changes the bits of a result; part of every run's identity."""
