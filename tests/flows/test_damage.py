"""Damage to a finished workspace, by one flipped bit at a time: found, never used, and built anew to the same bytes."""

import os
import shutil
from pathlib import Path

import pytest

import maslin as library
from maslin.curation.tokens.tokenizer import load_cached, load_encoder
from maslin.flows.cli import main
from maslin.manifests.errors import DamagedError
from maslin.manifests.files import checksum
from maslin.manifests.workspace import is_complete, read_manifest
from tests.flows.bit_flips import flip_bits
from tests.flows.small_inputs import RECIPE, write_all

pytestmark = pytest.mark.slow

SMALL = (RECIPE.replace("tokens: 4096, seeds: 2", "tokens: 1024, seeds: 2")
         .replace("dedup: {across: [wiki, web-no-code]}\n", "").replace("      - offensive\n", ""))
FLIPS = 100  # of the 1,000 that docs/reliability.md speaks of


def maslin(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    path = write_all(tmp_path_factory.mktemp("inputs"), pages=30)
    path.write_text(SMALL)
    return path


@pytest.fixture(scope="module")
def workspace(recipe, tmp_path_factory) -> Path:
    workspace = tmp_path_factory.mktemp("damage")
    assert compare(recipe, workspace) == 0
    return workspace


def compare(recipe: Path, workspace: Path) -> int:
    return maslin("compare", recipe, "--workspace", workspace, "--prefect", "off", "--engine", "serial")


def content(workspace: Path) -> dict[str, str]:
    """Every file that a manifest names, and every manifest, by checksum."""
    return {
        path.relative_to(workspace).as_posix(): checksum(path)
        for directory in sorted(workspace.glob("*/*@*")) for path in
        [directory / "manifest.json", *(directory / entry.path for entry in read_manifest(directory).files)]}


def flip(path: Path) -> Path:
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 4
    path.write_bytes(damaged)
    return path


def one(workspace: Path, pattern: str) -> Path:
    return sorted(workspace.glob(pattern))[0]


def test_bit_flips_are_found_or_cannot_matter(workspace):
    outcomes = flip_bits(workspace, FLIPS)
    assert sum(outcomes.values()) == FLIPS and outcomes["refused by whoever reads it"] > 0.8 * FLIPS
    assert maslin("manifest", "verify", workspace) == 0  # every bit is back


@pytest.mark.parametrize("pattern", [
    "report/*/report.html", "report/*/comparison.json", "report/*/manifest.json", "evaluation/*/items/*.parquet"])
def test_a_verdict_is_never_told_of_what_is_damaged(workspace, recipe, pattern):
    before = content(workspace)
    flip(one(workspace, pattern))
    assert compare(recipe, workspace) == 0
    assert content(workspace) == before


@pytest.mark.parametrize("pattern", [
    "documents/web@*/documents/*.parquet", "segment/web@*/ledger/*.parquet", "corpus/wiki@*/signals/*.parquet",
    "tokens/wiki@*/tokens/*.bin", "tokenizer/*/tokenizer.json", "mixture/*/manifest.json",
    "run/text-only-s0@*/checkpoints/*.safetensors", "run/text-only-s0@*/metrics.jsonl"])
def test_what_verify_finds_is_built_anew_by_the_next_command(workspace, recipe, pattern, capsys):
    before, path = content(workspace), one(workspace, pattern)
    flip(path)
    assert maslin("manifest", "verify", workspace) == 3
    assert str(path) in capsys.readouterr().out
    assert compare(recipe, workspace) == 0
    assert content(workspace) == before
    assert maslin("manifest", "verify", workspace) == 0


@pytest.mark.parametrize(("damaged", "removed"), [
    ("documents/code@*/documents/*.parquet", "corpus/code@*"), ("corpus/wiki@*/documents/*.parquet", "tokens/wiki@*"),
    ("tokens/wiki@*/tokens/*.bin", "run/with-code-s1@*"),
    ("run/with-code-s1@*/model/*.safetensors", "evaluation/with-code-s1@*"),
    ("tokenizer/*/tokenizer.json", "tokens/wiki@*"), ("corpus/code@*/ledger/*.parquet", "report/*"),
    ("run/with-code-s0@*/metrics.jsonl", "report/*")])
def test_a_damaged_input_is_built_anew_by_the_command_that_reads_it(workspace, recipe, damaged, removed, capsys):
    before, path = content(workspace), one(workspace, damaged)
    for pattern in {removed, "report/*"}:  # or nobody asks for what was removed
        for directory in workspace.glob(pattern):
            shutil.rmtree(directory)
    flip(path)
    for read_once in (load_cached, load_encoder):
        read_once.cache_clear()  # a command's own process has read none yet
    assert compare(recipe, workspace) == 0
    assert f"{path}: damaged: xxh3-128" in capsys.readouterr().err
    assert content(workspace) == before


def test_a_remembered_digest_is_not_believed_of_an_input_that_is_read(workspace, recipe, capsys):
    """A disk that flips a bit leaves size and times as they are."""
    dump = recipe.parent / "dump.xml.bz2"
    times, before = dump.stat(), dump.read_bytes()
    directory = one(workspace, "documents/wiki@*")
    shutil.move(directory, workspace / "aside")
    flip(dump)
    os.utime(dump, ns=(times.st_atime_ns, times.st_mtime_ns))
    try:
        assert compare(recipe, workspace) == 0 and not is_complete(directory)  # nothing asks for it
        shutil.move(one(workspace, "corpus/wiki@*"), workspace / "corpus-aside")
        assert compare(recipe, workspace) == 3
        told = capsys.readouterr().err
        assert f"{dump}: damaged, and not used: its content has the digest" in told and "inputs.json" in told
    finally:
        dump.write_bytes(before)
        os.utime(dump, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert compare(recipe, workspace) == 0 and is_complete(directory)
    shutil.rmtree(workspace / "aside")
    shutil.rmtree(workspace / "corpus-aside")


@pytest.mark.parametrize(("pattern", "command"), [
    ("tokens/wiki@*/tokens/*.bin", "export {step} {out} --to megatron"),
    ("tokens/wiki@*/index/*.parquet", "export {step} {out} --to datasets"),
    ("corpus/wiki@*/documents/*.parquet", "export {step} {out} --to datasets"),
    ("run/text-only-s0@*/model/model.safetensors", "generate {step} --tokens 3"),
    ("run/text-only-s0@*/model/tokenizer.json", "generate {step} --tokens 3"),
    ("documents/wiki@*/documents/*.parquet", "sample wiki --workspace {workspace}"),
    ("corpus/wiki@*/manifest.json", "funnel wiki --workspace {workspace}"),
    ("corpus/web-no-code@*/signals/*.parquet",
     "rules try {recipe} --corpus web-no-code --set language.min_score=0.6 --workspace {workspace}"),
    ("recipes/small.lock.json", "explain Article --workspace {workspace}"),
])
def test_commands_that_show_or_copy_refuse_it_by_name(workspace, recipe, tmp_path, capsys, pattern, command):
    before, path = content(workspace), one(workspace, pattern)
    flip(path)
    step = path.parents[len(path.relative_to(workspace).parts) - 3]
    places = {"step": step, "out": tmp_path / "out", "workspace": workspace, "recipe": recipe}
    assert maslin(*(word.format(**places) for word in command.split())) == 3
    told = capsys.readouterr().err
    assert f"{path}: damaged, and not used" in told and "anew" in told
    assert compare(recipe, workspace) == 0 and content(workspace) == before


def test_the_library_refuses_it_too(workspace, recipe):
    before = content(workspace)
    for pattern in ("corpus/wiki@*/documents/*.parquet", "report/*/report.html", "run/text-only-s0@*/model/config.json",
                    "evaluation/text-only-s0@*/items/*.parquet"):
        flip(one(workspace, pattern))
    found = library.open(workspace)
    for ask in (lambda: found.corpora["wiki"].documents(), lambda: found.reports["small"].html,
                lambda: found.runs["text-only-s0"].model, lambda: found.evaluations["text-only-s0"].items()):
        with pytest.raises(DamagedError, match="manifest says"):
            ask()
    assert compare(recipe, workspace) == 0 and content(workspace) == before
