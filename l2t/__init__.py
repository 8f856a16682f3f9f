"""l2t: few-shot transfer learning between networks of different architectures.

The package holds all behaviour; the faces (`cli`, `tui`) only ask it and draw. Nothing here imports a face,
Typer or Textual. torch is imported only below `l2t.train`, `l2t.methods.*.method`, `l2t.models.*.network`,
`l2t.bilevel` and `l2t.matching`, which only worker processes load.
"""

__version__ = "0.1.0"

ENGINE = 1
"""Raised whenever a change to the code changes the bits of a result; part of every run's identity."""
