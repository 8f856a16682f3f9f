"""Which processes on GPUs are ours."""

import os
import subprocess
import sys

from fake_gpus import gpu

from l2t.jobs.gpus import NoGpus, parent, with_children


def test_the_children_of_a_worker_are_ours_and_on_its_gpu() -> None:
    parents = {30: 20, 20: 10, 10: 1, 40: 1, 50: 50}
    gpus = [gpu(0, 30, 40), gpu(1, 50, 60)]
    found = with_children(gpus, {10: gpus[0].uuid}, parents.get)
    assert found == {10: gpus[0].uuid, 20: gpus[0].uuid, 30: gpus[0].uuid}


def test_without_workers_nothing_is_ours() -> None:
    assert with_children([gpu(0, 30)], {}, {30: 1}.get) == {}


def test_real_processes_are_followed_to_the_one_that_started_them() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        found = with_children([gpu(0, child.pid)], {os.getpid(): "GPU-x"})
        assert found[child.pid] == "GPU-x"
        child.communicate(b"\n")
    assert parent(child.pid) is None


def test_a_machine_without_gpus_has_none() -> None:
    assert NoGpus().look() == []
