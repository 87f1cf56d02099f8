"""The wheel: it holds one name, all data files, and works where the repository is not."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

import maslin

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("curation", "flows", "manifests", "trainer")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built from the files that git has, without network and beside the links that `make setup` lays for editors."""
    source = tmp_path_factory.mktemp("source")
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
        capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file() and not name.startswith(("tests/", "benchmarks/")):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    for folder in FOLDERS:
        (source / "maslin" / folder).symlink_to(Path("..") / folder)
    made = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(made),
         str(source))
    (path,) = made.iterdir()
    return path


def test_the_wheel_holds_one_name_and_each_file_once(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        top = archive.read(f"maslin-{maslin.__version__}.dist-info/top_level.txt").decode().split()
    assert top == ["maslin"]
    assert {name.partition("/")[0] for name in names} == {"maslin", f"maslin-{maslin.__version__}.dist-info"}
    ours = {name.removeprefix("maslin/") for name in names if name.startswith("maslin/")}
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *FOLDERS], cwd=ROOT, check=True,
        capture_output=True, text=True).stdout.split("\n")
    missing = {name for name in tracked if name and (ROOT / name).is_file()} - ours
    assert not missing, "code or data files that the wheel lacks: see package-data in pyproject.toml"
    assert "py.typed" in ours


def test_it_works_where_the_repository_is_not(wheel, tmp_path):
    """Installed into a folder of its own; of the tests' environment only the dependencies are taken, as a path."""
    site = tmp_path / "site"
    _run(sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", str(site), str(wheel))
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    rows = [{"id": f"d{n}", "text": f"Document {n} speaks of rivers.\nIt has a second line, of bridges."}
            for n in range(12)]
    (folder / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*rows, rows[0] | {"id": "copy"}]))
    (folder / "recipe.yaml").write_text(
        "name: tiny\nsources:\n  mine: {kind: jsonl, paths: [mine.jsonl]}\n"
        "corpora:\n  mine: {from: mine, steps: [exact_dedup]}\n")

    def maslin_command(*arguments: str) -> str:
        return _run(*python, str(site / "bin/maslin"), *arguments, cwd=folder, path=path)

    # -S: no site, so no .pth file of the editable install that the tests run from
    python, path = (sys.executable, "-S"), [site, sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    where = _run(*python, "-c", "import maslin.flows.cli; print(maslin.flows.cli.__file__)", cwd=folder, path=path)
    assert Path(where.strip()) == site / "maslin/flows/cli.py"
    assert maslin_command("--version") == f"maslin {maslin.__version__}\n"
    assert "written" in maslin_command("init", "started.yaml")
    assert "kept 12 of 13 documents" in maslin_command("curate", "recipe.yaml", "--prefect", "off", "--workers", "1")
    assert "built" in maslin_command("status", "recipe.yaml")


def _run(*command: str, cwd: Path | None = None, path: Sequence[Path | str] = ()) -> str:
    """What a command prints; fails with it. `path`: where Python looks for packages."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if path:
        environment["PYTHONPATH"] = os.pathsep.join(map(str, path))
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout
