"""The truth about every job: a SQLite database, and the folders of runs and artefacts beside it.

Read by every face and process, so it imports neither torch nor anything but `l2t.spec`. What a process may do to a
job's state is written down in `state.py` and done in `transitions.py`, nowhere else.
"""
