"""`import maslin`: costs nothing, and every name that it promises is there, for people and for type checkers."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import maslin


def test_importing_it_imports_nothing_else():
    code = "import sys; before = set(sys.modules); import maslin; print(set(sys.modules) - before)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "{'maslin'}\n"


def test_looking_at_a_workspace_imports_nothing_heavy(tmp_path):
    code = (f"import maslin, sys\ntry: maslin.open({str(tmp_path)!r})\nexcept maslin.UsageError: pass\n"
            "print({'numpy', 'pyarrow', 'numba', 'torch', 'prefect', 'yaml'} & set(sys.modules))")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


@pytest.mark.parametrize("name", maslin.PUBLIC)
def test_every_name_is_there(name):
    assert getattr(maslin, name) is not None and name in dir(maslin)


def test_type_checkers_see_the_same_names():
    tree = ast.parse(Path(maslin.__file__).read_text(encoding="utf-8"))
    seen = {alias.asname: f"{node.module}:{alias.name}" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
            for alias in node.names if alias.asname}
    assert seen == maslin.PUBLIC


def test_other_names_are_not_there():
    with pytest.raises(AttributeError, match="no attribute 'shovel'"):
        _ = maslin.shovel  # type: ignore[attr-defined]
