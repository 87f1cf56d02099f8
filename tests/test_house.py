"""The house itself: one direction of imports, no circles, folders and functions that a reader can take in."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# What each package may import of ours. `maslin` itself is the thin package for notebooks.
BELOW = {
    "manifests": {"manifests"}, "curation": {"manifests", "curation"}, "trainer": {"manifests", "trainer"},
    "flows": {"manifests", "curation", "trainer", "flows"},
}
COMPILED = "maslin.manifests.kernels.kernel"  # kernels alone import it
FOREIGN = {"manifests": {"prefect", "torch", "numba"}, "curation": {"prefect", "torch"}, "trainer": {"prefect"}}
MOST_MODULES, MOST_LINES, LINES_WITHOUT_HEADINGS = 18, 160, 80


@cache
def modules() -> dict[str, ast.Module]:
    """The syntax trees of all modules, by name."""
    found = {}
    for package in BELOW:
        for path in (ROOT / package).rglob("*.py"):
            name = ".".join(("maslin", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
            found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def imported(tree: ast.AST) -> Iterator[str]:
    """Names of modules that code imports, anywhere in it; for types alone counts, too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            submodules = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from ([each for each in submodules if each in modules()] or [node.module])


@pytest.mark.parametrize("package", BELOW)
def test_imports_go_one_way(package):
    for name, tree in modules().items():
        if name.split(".")[1] == package:
            for other in imported(tree):
                top, _, rest = other.partition(".")
                foreign = top in FOREIGN.get(package, ()) and (name, top) != (COMPILED, "numba")
                assert not foreign, f"{name} imports {other}"
                assert top != "maslin" or rest.split(".")[0] in BELOW[package] | {""}, f"{name} imports {other}"


def test_kernels_are_declared_by_our_decorator():
    """numba's own would keep them beside the source, under too little of what they depend on."""
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if name != COMPILED and isinstance(node, ast.ImportFrom) and node.module == "numba":
                assert "njit" not in {alias.name for alias in node.names}, name


def test_no_circles():
    graph = {name: {other for other in imported(tree) if other in modules() and other != name}
             for name, tree in modules().items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, f"a circle: {' → '.join((*trail[trail.index(name):], name))}"
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*trail, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())


def test_no_folder_with_more_modules_than_a_reader_takes_in():
    for package in BELOW:
        for folder in [ROOT / package, *(path for path in (ROOT / package).rglob("*") if path.is_dir())]:
            assert len(list(folder.glob("*.py"))) <= MOST_MODULES + 1, folder.relative_to(ROOT)  # and its __init__


def test_long_functions_have_headings():
    """A comment on a line of its own, at least one in so many lines; none is endless."""
    for name, tree in modules().items():
        path = ROOT / name.removeprefix("maslin.").replace(".", "/")
        lines = (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text("utf-8").splitlines()
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= LINES_WITHOUT_HEADINGS:
                body = lines[node.lineno:node.end_lineno]
                headings = sum(bool(re.match(r"\s+# \S", line)) for line in body)
                assert headings >= len(body) // 40, f"{name}.{node.name}: {len(body)} lines, {headings} headings"
                assert len(body) <= MOST_LINES, f"{name}.{node.name}: {len(body)} lines"
