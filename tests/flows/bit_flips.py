"""Flip random bits of a finished workspace, one at a time: each is found, or cannot matter.

`python -m tests.flows.bit_flips WORKSPACE NUMBER` does it to a workspace of one's own and puts every bit back. A file
is drawn, then a bit of it, each by a hash, so that small files get as many flips as large ones.
"""

import sys
from collections import Counter
from pathlib import Path

from maslin.flows.commands.manifest import problems_beside, problems_of_indexes
from maslin.manifests.errors import DamagedError
from maslin.manifests.identity import hash_int
from maslin.manifests.locks import read_begun, read_locks
from maslin.manifests.lookup import damaged_indexes
from maslin.manifests.soundness import checked, verify_all
from maslin.manifests.workspace import DAMAGED_NAME, MANIFEST_NAME, read_manifest, read_measured

# Files that no command reads for what it makes or decides.
NEVER_READ = ("*/timing.jsonl", "recipes/*.resolved.json", ".lock")


def flip_bits(workspace: Path, number: int, seed: int = 0) -> Counter[str]:
    """How many flips there were of each outcome; raises AssertionError for one that was not found, and would matter."""
    files = sorted(path for path in workspace.rglob("*") if path.is_file() and path.stat().st_size)
    beside = (workspace / "inputs.json", workspace / ".lock")
    files = [path for path in files if _step_of(workspace, path) or path.parent.name == "recipes" or path in beside]
    outcomes: Counter[str] = Counter()
    for index in range(number):
        path = files[hash_int(seed, "file", str(index)) % len(files)]
        before = path.read_bytes()
        bit = hash_int(seed, "bit", str(index)) % (8 * len(before))
        damaged = bytearray(before)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            outcomes[_outcome(workspace, path)] += 1
        finally:
            path.write_bytes(before)
            if step := _step_of(workspace, path):
                (step / DAMAGED_NAME).unlink(missing_ok=True)
    return outcomes


def _outcome(workspace: Path, path: Path) -> str:
    inside = path.relative_to(workspace)
    if any(inside.match(pattern) for pattern in NEVER_READ):
        return "never read"
    step = _step_of(workspace, path)
    found = [*verify_all([step]).problems, *problems_of_indexes([step])] if step else problems_beside(workspace)
    assert any(str(path) in problem for problem in found), f"{path}: `manifest verify` did not find it"
    if path.parent.name == ".index":
        assert path in damaged_indexes(step), path
        return "made anew"
    if inside.name == "inputs.json":
        return "made anew"
    try:
        if path.parent.name == "recipes":
            read_locks(workspace)
            read_begun(workspace)
        elif path.name == MANIFEST_NAME:
            read_manifest(path.parent)
        elif path.name == "measured.json":
            read_measured(path.parent)
        else:
            checked(path)
    except DamagedError as error:
        assert str(path) in str(error)
        return "refused by whoever reads it"
    raise AssertionError(f"{path}: it was read all the same")


def _step_of(workspace: Path, path: Path) -> Path | None:
    """The finished step directory that a file lies in."""
    parts = path.relative_to(workspace).parts
    directory = workspace.joinpath(*parts[:2])
    return directory if len(parts) > 2 and (directory / MANIFEST_NAME).is_file() else None


if __name__ == "__main__":
    for outcome, count in flip_bits(Path(sys.argv[1]).resolve(), int(sys.argv[2])).most_common():
        print(f"{count:>6}  {outcome}")
