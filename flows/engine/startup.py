"""What a process of the command does without, so that it starts quickly."""

import sys
import threading
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec

# What numba imports to see whether it is there, by the module of numba's that asks: half a second of CPU in each
# process. No kernel of ours multiplies matrices or calls C.
_ASKED_BY = {
    "scipy.linalg": "numba.np.arraymath", "cffi": "numba.core.typing.cffi_utils", "scipy": "numba",
    "colorama": "numba.core.errors",
}


_THREADED = ("torch", "prefect")  # which run threads of their own, that a copy of the process would lack
_is_light = False


class _Without(MetaPathFinder, Loader):
    """Finds pandas, and what numba asks for, and then cannot load them.

    Not to find them would not do: the real ones would be found after it. Nor may `find_spec` raise, since torch asks
    where modules lie that it never imports; and None in `sys.modules` is taken for pandas by compiled modules.
    """

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:
        return ModuleSpec(name, self) if name == "pandas" or _is_being_imported(_ASKED_BY.get(name)) else None

    def create_module(self, spec: ModuleSpec) -> None:
        raise ModuleNotFoundError("Maslin's own processes do without it", name=spec.name)


def _is_being_imported(name: str | None) -> bool:
    module = sys.modules.get(name) if name else None
    return module is not None and getattr(module.__spec__, "_initializing", False)


def start_light() -> None:
    """Do without pandas, which pyarrow imports at its first conversion, and without what numba looks for.

    For processes that are Maslin's alone, the command and its workers: never where a user's own code goes on.
    """
    global _is_light
    _is_light = True
    sys.meta_path.insert(0, _Without())


def is_alone() -> bool:
    """Whether this process is Maslin's alone and does one thing, so that a copy of it lacks nothing.

    macOS, whose frameworks do not stand a fork, never says so.
    """
    return (_is_light and sys.platform != "darwin" and threading.active_count() == 1
            and not any(name in sys.modules for name in _THREADED))
