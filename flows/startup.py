"""What a process of the command does without, so that it starts quickly."""

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec


class _NoPandas(MetaPathFinder, Loader):
    """Finds pandas and then cannot load it.

    Not to find it would not do: the real one would be found after it. Nor may `find_spec` raise, since torch asks
    where modules lie that it never imports; and None in `sys.modules` is taken for pandas by compiled modules.
    """

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:
        return ModuleSpec(name, self) if name == "pandas" else None

    def create_module(self, spec: ModuleSpec) -> None:
        raise ModuleNotFoundError("Maslin's own processes do without pandas", name=spec.name)


def keep_pandas_out() -> None:
    """pyarrow imports pandas at its first conversion, a second of CPU in each process; let it find none.

    For processes that are Maslin's alone, the command and its workers: never where a user's own code goes on.
    """
    sys.meta_path.insert(0, _NoPandas())
