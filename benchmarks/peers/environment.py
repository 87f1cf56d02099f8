"""A peer's environment: what its requirements pin, in `build/`, never ours."""

import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_AS_PINNED = (
    "import importlib.metadata as m, sys\n"
    "lines = [l.split('==') for l in open(sys.argv[1]) if '==' in l and l[0] != '#']\n"
    "sys.exit(any(m.version(name) != version.strip() for name, version in lines))")


def requirements(name: str) -> Path:
    return _HERE / f"{name}-requirements.txt"


def peer_python(name: str) -> Path:
    """The Python of `<name>-requirements.txt`, in an environment made where it is not there or not as pinned."""
    venv = _HERE.parent.parent / "build" / f"{name}-venv"
    python = venv / "bin" / "python"
    asked = [python, "-c", _AS_PINNED, requirements(name)]
    if not python.exists() or subprocess.run(asked, capture_output=True, check=False).returncode:
        print(f"making the environment {venv}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r",
                        requirements(name)], check=True)
    return python
