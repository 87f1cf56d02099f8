"""A user's own code that a recipe names: found, digested with what it imports from its folder, and loaded.

It runs as it is, on the user's machine, with the user's rights: there is no sandbox. It is named by a recipe, as a file
beside it or as an entry point of an installed package, and never looked for in a workspace or a corpus. What decides
bytes is its digest; where it lies is no part of any identity.
"""

import ast
import builtins
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from maslin.manifests.errors import UsageError
from maslin.manifests.identity import digest

if TYPE_CHECKING:
    from maslin.manifests.recipe.typed_yaml import Node


@dataclass(frozen=True)
class OwnCode:
    """`name` in a Python file, as it was when the recipe was read. Small: tasks of workers carry it.

    `digest` is of the file and of the files of the same folder that it imports. `module`: what an installed package
    calls the file, and `point` the entry point; None for a file of the user's, which is imported under no name that
    another could have.
    """

    path: Path
    name: str
    digest: str
    module: str | None = None
    point: str | None = None

    @property
    def called(self) -> str:
        """What a recipe calls it: an entry point has a name of its own."""
        return self.point or self.name

    def load(self) -> Any:
        """What is called `name` there. Raises UsageError, with file and line, for code that cannot be loaded."""
        module = _module(self.path, self.digest, self.module)
        if not hasattr(module, self.name):
            known = ", ".join(name for name, value in vars(module).items()
                              if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__)
            raise UsageError(f"{self.path} has no `{self.name}`; it has {known or 'no functions or classes'}.")
        return getattr(module, self.name)

    def place(self, error: BaseException) -> str:
        """`file:line` of the user's code that an exception came through last, for messages; no path of a machine."""
        return _place(error, self.path)


def in_file(path: Path, name: str) -> OwnCode:
    """`name` in a file. Raises UsageError for a file that is not there or no Python."""
    return OwnCode(path.absolute(), name, _digest(_sources(path.absolute(), None)))


def installed(group: str, name: str) -> OwnCode:
    """The entry point `name` of a group, of whichever package is installed. Raises UsageError when there is none."""
    from importlib.metadata import entry_points  # here: it reads the lists of all installed packages
    from importlib.util import find_spec

    offered = entry_points(group=group)
    found = {(point.module, point.attr) for point in offered if point.name == name}
    if not found:
        known = ", ".join(sorted({point.name for point in offered}))
        raise UsageError(f"no installed package offers `{name}` as an entry point of {group}"
                         f" ({f'there are: {known}' if known else 'there are none'}).")
    if len(found) > 1:
        raise UsageError(f"several installed packages offer `{name}` as an entry point of {group}: "
                         f"{', '.join(sorted(f'{module}:{attribute}' for module, attribute in found))}.")
    ((module, attribute),) = found
    try:
        spec = find_spec(module)
    except ImportError as error:
        raise UsageError(f"entry point `{name}` of {group}: {module} cannot be imported ({error}).") from error
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise UsageError(f"entry point `{name}` of {group}: {module} is no Python file that could be digested.")
    path = Path(spec.origin)
    return OwnCode(path, attribute, _digest(_sources(path, module)), module, name)


def read_own_code(node: "Node", base: Path, group: str, further_keys: tuple[str, ...] = ()) -> OwnCode:
    """`{file: my_code.py, name: mine}`, the file relative to `base`, or `{name: mine}` of an installed package.

    `further_keys` may stand beside these. Raises RecipeError with the place in the recipe.
    """
    from maslin.manifests.recipe.paths import written_out  # here: workers load code and read no recipe
    from maslin.manifests.recipe.typed_yaml import convert

    entries = node.mapping()
    node.check_keys(entries, ["file", "name", *further_keys])
    if "name" not in entries:
        raise node.missing("name", f"what is called so in the file, or an entry point of {group}")
    name = convert(entries["name"], str)
    file = written_out(entries["file"], convert(entries["file"], str)) if "file" in entries else None
    try:
        return installed(group, name) if file is None else in_file(base / file, name)
    except UsageError as error:
        entries.get("file", entries["name"]).fail(str(error))


def _sources(path: Path, module: str | None) -> dict[str, bytes]:
    """The file's content under the name "", and that of every file of its folder that it imports, by name."""
    sources: dict[str, bytes] = {}
    waiting = [("", path)]
    while waiting:
        name, file = waiting.pop()
        if name in sources:
            continue
        try:
            sources[name] = file.read_bytes()
            tree = ast.parse(sources[name], str(file))
        except OSError as error:
            raise UsageError(f"{file}: cannot be read ({error.strerror or error}).") from error
        except (SyntaxError, ValueError) as error:  # ValueError: bytes that no source code may hold
            line = f":{error.lineno}" if isinstance(error, SyntaxError) else ""
            raise UsageError(f"{file}{line}: not valid Python ({getattr(error, 'msg', error)}).") from error
        siblings = {sibling: path.with_name(f"{sibling}.py") for sibling in _imported(tree, module)}
        waiting += [item for item in siblings.items() if item[1].is_file() and item[1] != path]
    return sources


def _imported(tree: ast.Module, module: str | None) -> Iterator[str]:
    """Names, as in its own folder, of what a file imports anywhere; of a package's, relative ones and by full name."""
    package = f"{module.rpartition('.')[0]}." if module and "." in module else ""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            here = node.module or ""
            before = package if node.level == 1 else ""
            names = [f"{before}{here}"] if here else [f"{before}{alias.name}" for alias in node.names]
            names += [f"{before}{here}.{alias.name}" for alias in node.names if here]
        yield from (name.removeprefix(package).partition(".")[0] for name in names if name.startswith(package))


def _digest(sources: dict[str, bytes]) -> str:
    return digest({name: sha256(content).hexdigest() for name, content in sources.items()})


@cache
def _module(path: Path, expected: str, module: str | None) -> ModuleType:
    sources = _sources(path, module)
    if _digest(sources) != expected:
        raise UsageError(f"{path} changed since the recipe was read: run the command again.")
    try:
        if module is None:
            return _Folder(path, sources, expected).module("")
        from importlib import import_module

        return import_module(module)
    except Exception as error:
        raise UsageError(
            f"{_place(error, path)}: the code cannot be loaded ({type(error).__name__}: {error}).") from error


class _Folder:
    """Runs a user's file and the files beside it that it imports, whenever it does, under names of their own.

    Their `import` looks for these files first; nothing of theirs is on the path of anybody else's imports, so that two
    folders may each have a `helpers.py`, and none can stand in the way of a library.
    """

    def __init__(self, path: Path, sources: dict[str, bytes], digest: str) -> None:
        self._path, self._sources, self._digest = path, sources, digest
        self._builtins = vars(builtins) | {"__import__": self._import}
        self._modules: dict[str, ModuleType] = {}

    def module(self, name: str) -> ModuleType:
        if name not in self._modules:
            file = self._path.with_name(f"{name}.py") if name else self._path
            unique = f"maslin_own_{self._digest}_{name or self._path.stem}"
            module = self._modules[name] = sys.modules[unique] = ModuleType(unique)
            module.__dict__.update(__file__=str(file), __builtins__=self._builtins)
            code = compile(self._sources[name], str(file), "exec", dont_inherit=True)
            try:
                exec(code, module.__dict__)
            except BaseException:  # an interrupt too: half a module is never left behind
                del self._modules[name], sys.modules[unique]
                raise
        return self._modules[name]

    def _import(self, name: str, globals: Any = None, locals: Any = None, names: Any = (), level: int = 0) -> Any:
        if level == 0 and name in self._sources:
            return self.module(name)
        return builtins.__import__(name, globals, locals, names, level)


def _place(error: BaseException, path: Path) -> str:
    lines = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    own = [(file, line) for file, line in lines if file.parent == path.parent]
    file, line = own[-1] if own else (path, None)
    return file.name if line is None else f"{file.name}:{line}"
