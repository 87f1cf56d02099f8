"""The decorator of all kernels: numba's `njit`, whose machine code is kept by `maslin.manifests.kernels.store`.

numba's own cache looks at a kernel's own file alone, though it holds constants and kernels of others; numbers its files
so that two processes may take one number; writes beside the source, which may be read-only; and readies numba's
compiler to load what is compiled, a quarter of a second in every process.
"""

import pickle
import warnings
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.runtime import rtsys
from numba.core.serialize import dumps

from maslin.manifests.kernels import store

KERNELS: dict[str, Any] = {}  # `module:name` → its dispatcher, of every module that is imported
_VERSIONS = f"{numba.__version__} {llvmlite.__version__} {np.__version__}"


def njit(*, cache: bool) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function at its first call, or find it compiled. `cache`: keep what is compiled."""

    def decorate(function: Callable[..., Any]) -> Any:
        dispatcher = numba.njit(function)
        if cache:
            dispatcher._cache = _Kept(function)
        KERNELS[f"{function.__module__}:{function.__name__}"] = dispatcher
        return dispatcher

    return decorate


class _Kept(NullCache):
    """What numba asks of a cache, of one kernel."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._module, self._name = function.__module__, function.__name__

    def is_kept(self, sig: Any, target_context: Any) -> bool:
        """Whether machine code for arguments of these types is there."""
        return store.has(self._file(sig, target_context.codegen()))

    def load_overload(self, sig: Any, target_context: Any) -> CompileResult | None:
        kept = store.read(self._file(sig, target_context.codegen()))
        if kept is None:
            return None
        rtsys.initialize(target_context)
        return CompileResult._rebuild(target_context, *pickle.loads(kept))

    def save_overload(self, sig: Any, data: CompileResult) -> None:
        if data.library.has_dynamic_globals or any(not lifted.can_cache for lifted in data.lifted):
            warnings.warn(f"{self._module}:{self._name} cannot be kept and compiles in every process", stacklevel=2)
            return
        library, described, environment, signature, in_objects, lifted, _, reload, environments = data._reduce()
        # Those of numba's own functions hold nothing, and to have them would be to import where these are.
        environments = tuple(each for each in environments if each.consts)
        store.write(self._file(sig, data.codegen), dumps(
            (library, described, environment, signature, in_objects, lifted, "", reload, environments)))

    def _file(self, sig: Any, codegen: Any) -> str:
        """The name of the file with the code for arguments of these types, on this kind of processor."""
        state = sha256(f"{_VERSIONS} {codegen.magic_tuple()} {tuple(sig)!r}".encode())
        return f"{store.stem(self._module, self._name)}-{state.hexdigest()[:16]}"
