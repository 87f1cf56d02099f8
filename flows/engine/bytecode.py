"""Python compiled ahead, where the installer left that to the first command, which would wait for it."""

import compileall
import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from py_compile import PyCompileError, compile


def write() -> None:
    """Compile all modules of ours, and whatever is imported in this process; quietly leave what cannot be written."""
    import maslin

    for folder in maslin.__path__:
        compileall.compile_dir(folder, quiet=2)
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None) or ""
        if path.endswith(".py") and not Path(cache_from_source(path)).is_file():
            with suppress(OSError, PyCompileError):
                compile(path, doraise=True)
