"""What importing the store costs: tables are listed in every command and screen."""

import subprocess
import sys


def test_the_store_is_imported_without_torch_and_even_without_pydantic() -> None:
    code = (
        "import sys, l2t.store.store, l2t.store.filter; print(*sorted({'torch', 'numpy', 'pydantic'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_supervisor_and_the_worker_are_imported_without_torch() -> None:
    code = "import sys, l2t.jobs.supervisor, l2t.jobs.worker; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
