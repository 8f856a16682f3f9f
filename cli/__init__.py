"""The command line: `l2t`. It asks `l2t` and draws; behaviour lives there.

Imports neither torch nor, at start-up, pandas, scipy, textual or any command's own module (see `cli.app`).
"""
