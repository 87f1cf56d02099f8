"""What a process frees, it keeps: pages are not asked of the system anew."""

import ctypes
import subprocess
import sys

import pytest

CHURN = """
import resource, sys
import numpy as np
if sys.argv[1] == "kept":
    from maslin.flows.engine.memory import keep_freed
    keep_freed()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
np.ones(1 << 20)
before = faults()
for _ in range(50):
    np.ones(1 << 20)
print(faults() - before)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "gnu_get_libc_version"), reason="for glibc alone")
def test_arrays_that_come_again_cost_no_new_pages():
    freed, kept = (
        int(subprocess.run([sys.executable, "-c", CHURN, how], capture_output=True, text=True, check=True).stdout)
        for how in ("freed", "kept"))
    assert kept < 100 < freed
