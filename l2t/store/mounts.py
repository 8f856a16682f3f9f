"""Which kind of file system a folder lies on. SQLite's WAL needs memory shared by all its users: never on a network."""

import re
from pathlib import Path

NETWORK = (
    *("nfs", "cifs", "smb", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs", "glusterfs", "gfs", "ocfs2", "orangefs"),
    *("pvfs", "panfs", "wekafs", "virtiofs", "vboxsf", "fuse."),
)
"""Beginnings of the names of file systems that other hosts may write too, or that do not share memory with certainty
(anything in user space: sshfs, rclone, s3fs …)."""

_ESCAPE = re.compile(r"\\([0-7]{3})")


def file_system(path: Path, table: Path = Path("/proc/self/mountinfo")) -> str:
    """Name of the file system that holds `path` ("ext4", "nfs4"); "" where the system does not say (not Linux).

    table: the kernel's list of mounts; of several mounted over each other the last one counts.
    """
    try:
        lines = table.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return ""
    path = path.resolve()
    best, kind = -1, ""
    for line in lines:
        before, _, after = line.partition(" - ")
        point = Path(_ESCAPE.sub(lambda found: chr(int(found[1], 8)), before.split(" ")[4]))
        if path.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), after.split(" ")[0]
    return kind


def on_network(path: Path) -> bool:
    """Whether other hosts may write `path` too."""
    return file_system(path).startswith(NETWORK)
