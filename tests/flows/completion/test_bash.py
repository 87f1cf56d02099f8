"""Completion in bash, by bash: what is offered where the cursor stands."""

import shutil
import subprocess

import pytest

from maslin.flows.cli import main

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")

# What readline does at a tab: words, the place of the cursor, the function that `complete` named.
_TAB = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
function=$(complete -p maslin); function=${function#*-F }; ${function%% *}
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    path = tmp_path_factory.mktemp("bash") / "maslin.bash"
    with pytest.MonkeyPatch.context() as patch, open(path, "w") as handle:
        patch.setattr("sys.stdout", handle)
        assert main(["completion", "bash"]) == 0
    return path


@pytest.mark.parametrize(("line", "offered"), [
    ("maslin com", {"compare", "completion"}),
    ("maslin manifest ", {"show", "verify", "diff"}),
    ("maslin manifest show --", {"--help", "--json", "--workspace"}),
    ("maslin compare --fi", {"--final"}),
    ("maslin curate --fi", set()),
    ("maslin curate r.yaml --engine ", {"local", "serial"}),
    ("maslin curate r.yaml --engine = s", {"serial"}),
    ("maslin curate r.yaml --prefect =", {"auto", "on", "off"}),
    ("maslin curate r.yaml --workers ", set()),
    ("maslin completion ", {"bash", "zsh", "fish"}),
    ("maslin curate ", {"a recipe.yaml", "work"}),
    ("maslin funnel a", {"a recipe.yaml"}),
    ("maslin curate r.yaml --workspace ", {"work"}),
    ("maslin explain ", set()),
])
def test_what_is_offered(tmp_path, script, line, offered):
    (tmp_path / "a recipe.yaml").touch()
    (tmp_path / "work").mkdir()
    words = line.split(" ")
    done = subprocess.run(
        ["bash", "--norc", "-c", _TAB, "bash", script, *words], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert set(filter(None, done.stdout.splitlines())) == offered
