"""How a worker tells its supervisor why it ended, beside 0 (all is well) and 2 (the store could not be used)."""

DISK_EXIT = 75
"""The disk took nothing: the death is not the job's fault (EX_TEMPFAIL)."""
UNFIT_EXIT = 76
"""The engine cannot compute on this device; its last line says why, and no job was taken."""
