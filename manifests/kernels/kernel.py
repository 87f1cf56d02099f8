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

import llvmlite.binding
import numba
import numpy as np
from numba.core.caching import NullCache
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompileResult, compile_result
from numba.core.runtime import rtsys
from numba.core.serialize import dumps

from maslin.manifests.kernels import store

KERNELS: dict[str, Any] = {}  # `module:name` → its dispatcher, of every module that is imported
_VERSIONS = f"{numba.__version__} {llvmlite.__version__} {np.__version__}"


def njit(*, cache: bool, forceinline: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function at its first call, or find it compiled. `cache`: keep what is compiled.

    `forceinline`: put it into its callers, which spares the counting of arrays that are handed to it.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        dispatcher = numba.njit(function, forceinline=forceinline)
        if cache:
            dispatcher._cache = _Kept(function)
        KERNELS[f"{function.__module__}:{function.__name__}"] = dispatcher
        return dispatcher

    return decorate


class _FoundLibrary(JITCodeLibrary):
    """Machine code that was kept. Its bitcode is read when a kernel compiles that calls it, which hardly ever happens.

    numba reads it at once and asks LLVM for each name in it: half of the time that loading takes.
    """

    def __init__(self, codegen: Any, name: str, machine_code: bytes, bitcode: bytes) -> None:
        self._bitcode, self._read = bitcode, None
        super().__init__(codegen, name)
        self.enable_object_caching()
        self._set_compiled_object(machine_code)

    @property
    def _shared_module(self) -> Any:
        if self._read is None:
            self._read = llvmlite.binding.parse_bitcode(self._bitcode)
        return self._read

    @_shared_module.setter
    def _shared_module(self, value: None) -> None:
        """numba says at first that there is none yet."""


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
        library, defined, described, environment, signature, environments = pickle.loads(kept)
        codegen = target_context.codegen()
        found = _FoundLibrary(codegen, *library)
        found._finalize_final_module()
        codegen._engine._defined_symbols |= defined
        result = compile_result(
            target_context=target_context, typing_context=target_context.typing_context, library=found,
            environment=environment, entry_point=target_context.get_executable(found, described, environment),
            fndesc=described, type_annotation="", signature=signature, objectmode=False, lifted=(), reload_init=(),
            referenced_envs=environments)
        for each in environments:
            codegen.set_env(each.env_name, each)
        return result

    def save_overload(self, sig: Any, data: CompileResult) -> None:
        if data.library.has_dynamic_globals or data.lifted or data.objectmode or data.reload_init:
            warnings.warn(f"{self._module}:{self._name} cannot be kept and compiles in every process", stacklevel=2)
            return
        (name, _, (machine_code, bitcode)), described, environment, signature, *_, environments = data._reduce()
        module = data.library._get_module_for_linking()
        defined = {symbol.name for symbols in (module.functions, module.global_variables) for symbol in symbols
                   if not symbol.is_declaration}
        # Environments of numba's own functions hold nothing, and to have them would be to import where these are.
        store.write(self._file(sig, data.codegen), dumps((
            (name, machine_code, bitcode), defined, described, environment, signature,
            tuple(each for each in environments if each.consts))))

    def _file(self, sig: Any, codegen: Any) -> str:
        """The name of the file with the code for arguments of these types, on this kind of processor."""
        state = sha256(f"{_VERSIONS} {codegen.magic_tuple()} {tuple(sig)!r}".encode())
        return f"{store.stem(self._module, self._name)}-{state.hexdigest()[:16]}"
