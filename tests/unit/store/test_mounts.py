"""Which file system a folder lies on, from tables as the kernel writes them."""

from pathlib import Path

import pytest

from l2t.store.mounts import NETWORK, file_system, on_network

TABLE = """22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:21 / /home rw,relatime shared:2 - nfs4 server:/home rw,vers=4.2
24 23 0:22 / /home/ann/big\\040disk rw - fuse.sshfs ann@box: rw
25 22 0:23 / /scratch rw master:3 - xfs /dev/sdb rw
26 25 0:24 / /scratch rw - lustre mds@tcp:/l rw
27 22 0:25 / /odd\\011tab\\012line\\134040 rw - fuse.rclone bucket: rw
28 22 8:3 / /windows rw - fuseblk /dev/sda3 rw
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/root/l2t", "ext4"),
        ("/home/ann", "nfs4"),
        ("/homeless", "ext4"),
        ("/home/ann/big disk/l2t", "fuse.sshfs"),
        ("/odd\ttab\nline\\040/l2t", "fuse.rclone"),
        ("/windows/l2t", "fuseblk"),
        ("/scratch/ann", "lustre"),  # mounted over xfs: the last one counts
    ],
)
def test_the_deepest_and_last_mount_counts(tmp_path: Path, path: str, expected: str) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(TABLE)
    assert file_system(Path(path), table) == expected
    assert expected.startswith(NETWORK) == (expected not in ("ext4", "xfs", "fuseblk"))


def test_a_system_without_a_table_counts_as_local(tmp_path: Path) -> None:
    assert file_system(tmp_path, tmp_path / "nothing") == ""
    assert not "".startswith(NETWORK)


def test_this_machine_answers(tmp_path: Path) -> None:
    assert on_network(tmp_path) in (True, False)
