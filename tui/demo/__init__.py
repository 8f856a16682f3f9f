"""The app on recorded data, without training: what a newcomer sees first, and what tests and pictures are made from.

`home.tar.xz` is a home that real runs made (`record.py`, which lists what was taken out), `unpack.py` lays it out as if
it were at work now, `replay.py` lets it go on. Loads no torch, numpy or scipy.
"""
