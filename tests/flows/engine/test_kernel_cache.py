import os

from maslin.flows.engine.kernel_cache import drop_stale_kernels


def test_kernels_older_than_any_source_of_their_package_go(tmp_path):
    cache = tmp_path / "rules" / "__pycache__"
    cache.mkdir(parents=True)
    ages = {  # seconds
        tmp_path / "constants.py": 50, tmp_path / "rules" / "kernels.py": 10, cache / "kernels.old-7.py311.nbi": 20,
        cache / "kernels.old-7.py311.1.nbc": 20, cache / "kernels.new-9.py311.nbi": 60,
        cache / "kernels.new-9.py311.1.nbc": 60, cache / "kernels.cpython-311.pyc": 5,
    }
    for path, seconds in ages.items():
        path.touch()
        os.utime(path, (seconds, seconds))
    assert drop_stale_kernels([tmp_path]) == 1
    assert sorted(path.name for path in cache.iterdir()) == [
        "kernels.cpython-311.pyc", "kernels.new-9.py311.1.nbc", "kernels.new-9.py311.nbi"]
    assert drop_stale_kernels([tmp_path]) == 0


def test_a_kernel_that_is_dropped_compiles_anew(tmp_path):
    """With numba itself: a constant of another module changes, and the kernel's own file does not."""
    import subprocess
    import sys

    (tmp_path / "constants.py").write_text("NUMBER = 1\n")
    (tmp_path / "kernels.py").write_text(
        "from numba import njit\nfrom constants import NUMBER\n\n\n"
        "@njit(cache=True)\ndef kernel():\n    return NUMBER\n")
    os.utime(tmp_path / "constants.py", (1, 1))

    def answer() -> int:
        code = "import sys; sys.dont_write_bytecode = True; from kernels import kernel; print(kernel())"
        return int(subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=True).stdout)

    assert answer() == 1
    (tmp_path / "constants.py").write_text("NUMBER = 2\n")
    assert answer() == 1  # why this is needed
    assert drop_stale_kernels([tmp_path]) == 1
    assert answer() == 2
