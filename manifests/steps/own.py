"""A person's own rule: its declaration and function, loaded from the file or package that the recipe names.

It is the user's own code and runs as such, in no sandbox. It is loaded from where the recipe says alone, never from a
workspace or a corpus: what a corpus tells of it later, it tells by the declaration in its manifest.
"""

import ast
import dataclasses
import hashlib
import importlib
import importlib.util
import re
import sys
import threading
import traceback
import types
import typing
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from maslin.manifests.errors import UsageError
from maslin.manifests.identity import digest
from maslin.manifests.recipe.typed_yaml import suggestion
from maslin.manifests.steps.known import CORPUS_RULES, STEPS
from maslin.manifests.steps.presets import PRESETS
from maslin.manifests.steps.spec import COMPARE, RULE_ERROR, Origin, Rule, StepSpec, type_name

GROUP = "maslin.steps"  # of entry points of installed packages
_FAILED = Rule(RULE_ERROR, words="the rule raised an error")
_NAME = re.compile("[a-z][a-z0-9_]{0,79}")


@dataclasses.dataclass(frozen=True)
class OwnRule:
    """A rule that is loaded: its declaration, its function, and the files of its source."""

    spec: StepSpec
    function: Any
    files: tuple[Path, ...]


_loaded: dict[tuple[Origin, str], OwnRule] = {}
_lock = threading.Lock()


def load(origin: Origin) -> OwnRule:
    """The rule as its source is now; loaded once a process. Raises UsageError for whatever is wrong with it."""
    with _lock:
        files, code = _source_of(origin)
        if (origin, code) not in _loaded:
            module = _module(origin, files, code)
            spec = _find(module, origin)
            _check(spec, module, _shown(origin))
            _loaded[origin, code] = OwnRule(
                dataclasses.replace(spec, rules=(_FAILED, *spec.rules), code=code), getattr(module, spec.kernel),
                tuple(files))
        return _loaded[origin, code]


def place(error: BaseException, files: tuple[Path, ...]) -> str:
    """`file:line: error`, at the last line of the source that the error came through."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}: {type(error).__name__}: {error.msg}"
    names = set(map(str, files))
    here = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in names]
    where = f"{Path(here[-1].filename).name}:{here[-1].lineno}" if here else files[0].name
    return f"{where}: {type(error).__name__}: {error}"


def _shown(origin: Origin) -> str:
    return str(origin.file) if origin.file is not None else f"entry point {GROUP}:{origin.name}"


def _source_of(origin: Origin) -> tuple[list[Path], str]:
    """The files of the rule's source, its own first, and the digest of what they hold."""
    if origin.file is not None:
        if not origin.file.is_file():
            raise UsageError(f"{origin.file}: no such file.")
        files = list(_sources(origin.file))
        return files, digest(_contents(files))
    point = _entry_point(origin.name)
    found = importlib.util.find_spec(point.module)
    if found is None or found.origin is None or not found.origin.endswith(".py"):
        raise UsageError(f"{_shown(origin)}: {point.module} is no module of Python source.")
    files = list(_sources(Path(found.origin)))
    return files, digest({"version": point.dist.version if point.dist else "", "files": _contents(files)})


def _contents(files: list[Path]) -> dict[str, str]:
    """sha256 of each file, by its path from the first one's folder; the first one's own name does not matter."""
    names = ["", *(file.relative_to(files[0].parent).as_posix() for file in files[1:])]
    return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in zip(names, files, strict=True)}


def _sources(file: Path) -> Iterator[Path]:
    """The file, and all that it imports from its folder and the folders below, and these again."""
    root, waiting, seen = file.parent, [file], {file}
    while waiting:
        path = waiting.pop(0)
        yield path
        try:
            tree = ast.parse(path.read_bytes(), str(path))
        except (SyntaxError, ValueError) as error:
            raise UsageError(f"{path.parent / place(error, (path,))}.") from error
        for found in sorted(_imported(tree, path, root) - seen):
            seen.add(found)
            waiting.append(found)


def _imported(tree: ast.Module, path: Path, root: Path) -> set[Path]:
    found: set[Path] = set()
    for node in ast.walk(tree):
        names: list[tuple[Path, list[str]]] = []
        if isinstance(node, ast.Import):
            names = [(root, alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = root if node.level == 0 else path.parents[min(node.level, len(path.parents)) - 1]
            parts = node.module.split(".") if node.module else []
            names = [(base, [*parts, alias.name]) for alias in node.names]
        for base, parts in names:
            for length in range(1, len(parts) + 1):
                stem = base.joinpath(*parts[:length])
                found |= {each for each in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py")
                          if each.is_file() and each.is_relative_to(root)}
    return found


def _module(origin: Origin, files: list[Path], code: str) -> ModuleType:
    """Import it. A file stands in a package of its own, so that relative imports work, its folder first on the path."""
    try:
        if origin.file is None:
            return importlib.import_module(_entry_point(origin.name).module)
        folder = origin.file.parent
        package = types.ModuleType(f"maslin_own_{code}")
        package.__path__ = [str(folder)]
        sys.modules[package.__name__] = package
        for file in files[1:]:  # what another file of this name left there
            sys.modules.pop(".".join(file.relative_to(folder).with_suffix("").parts).removesuffix(".__init__"), None)
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
        found = importlib.util.spec_from_file_location(f"{package.__name__}.{origin.file.stem}", origin.file)
        assert found is not None and found.loader is not None
        module = sys.modules[found.name] = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
        return module
    except (Exception, SystemExit) as error:
        raise UsageError(f"{files[0].parent / place(error, tuple(files))}.") from error


def _entry_point(name: str) -> metadata.EntryPoint:
    points = metadata.entry_points(group=GROUP)
    for point in points:
        if point.name == name:
            return point
    raise UsageError(f"no installed package has a rule `{name}` (entry points `{GROUP}`)"
                     f"{suggestion(name, sorted(points.names))}. For a rule in a file give `file`.")


def _find(module: ModuleType, origin: Origin) -> StepSpec:
    specs = {each.name: each for each in vars(module).values() if isinstance(each, StepSpec) and each.code is None}
    if origin.name not in specs:
        near = suggestion(origin.name, specs) or ": it declares no StepSpec at all"
        raise UsageError(f"{_shown(origin)}: no rule is called `{origin.name}`{near}")
    return specs[origin.name]


def _check(spec: StepSpec, module: ModuleType, shown: str) -> None:
    """What a declaration of ours is held to by tests."""

    def fail(message: str) -> NoReturn:
        raise UsageError(f"{shown}: {spec.name}: {message}")

    taken = {*STEPS, *PRESETS, *CORPUS_RULES, "rule"}
    if not _NAME.fullmatch(spec.name) or spec.name in taken:
        fail("a name of small letters, digits and `_` that no step or preset of Maslin has, please.")
    if spec.role != "rule":
        fail("`role` is \"rule\": a rule of one's own decides document by document.")
    if not callable(getattr(module, spec.kernel, None)):
        fail(f"`kernel` names a function of this file; `{spec.kernel}` is none.")
    kind = spec.parameters
    if not isinstance(kind, type) or not dataclasses.is_dataclass(kind) or not kind.__dataclass_params__.frozen:
        fail("its parameters are a class with @dataclass(frozen=True) and a type for each.")
    fields = {each.name for each in dataclasses.fields(kind)}
    for name, value in vars(kind).items():
        if not name.startswith("_") and name not in fields and not callable(value):
            fail(f"the parameter {name} has no type: write `{name}: {type(value).__name__} = …`.")
    try:
        hints = typing.get_type_hints(kind)
    except NameError as error:
        fail(f"a type of its parameters is not to be read ({error}).")
    names = [rule.name for rule in spec.rules]
    for name in fields:
        try:
            type_name(hints[name])
        except UsageError as error:
            fail(f"the parameter {name} {error}.")
    for rule in spec.rules:
        if rule.name == RULE_ERROR or names.count(rule.name) > 1:
            fail(f"the rule {rule.name} needs a name of its own.")
        if isinstance(rule.threshold, str) and rule.threshold not in fields:
            fail(f"the rule {rule.name} compares with `{rule.threshold}`{suggestion(rule.threshold, fields)}")
        if rule.signal is not None and (rule.signal not in spec.signals or rule.op not in COMPARE):
            fail(f"the rule {rule.name} compares the signal `{rule.signal}` by `{rule.op}`: `signals` "
                 f"({', '.join(spec.signals)}) must name it, and the test is one of {' '.join(COMPARE)}.")
