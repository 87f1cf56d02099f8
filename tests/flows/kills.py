"""SIGKILL at chosen moments of a comparison, spread evenly over its stages: `python -m tests.flows.kills 100`.

A moment is a file that becomes final: a part, a shard's marker, a checkpoint, a manifest. Every process of the command
counts them, by the kind of step; at a chosen one all its processes are killed, before the file has its name or after.
The command is started again and again until it ends by itself, each time from a process that has imported everything.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

# Begun by `sitecustomize`, which Python runs at the start of every process: the workers', too.
_HOOK = """
import os, signal
_replace, _folder = os.replace, {folder!r}
def replace(source, target, **more):
    parts = os.path.abspath(target).split(os.sep)
    kind = next((kind for kind, step in zip(parts, parts[1:]) if "@" in step), "beside")
    descriptor = os.open(os.path.join(_folder, "seen-" + kind), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, b".")
    moment = os.fstat(descriptor).st_size
    os.close(descriptor)
    chosen = moment in {chosen!r}.get(kind, ())
    if chosen and moment % 2:
        os.killpg(0, signal.SIGKILL)
    _replace(source, target, **more)
    if chosen:
        os.killpg(0, signal.SIGKILL)
os.replace = replace
"""

# Forks a command, which leads a group of processes of its own, until one is not killed. Everything is imported before,
# and kernels are loaded by a curation that is thrown away, whose files do not count.
_STARTER = """
import contextlib, json, os, sys, tempfile
import numba, pyarrow, tokenizers, torch
from maslin.flows import cli
from maslin.flows.commands import compare
arguments, most = json.loads(sys.argv[1]), int(sys.argv[2])
hooked, os.replace = os.replace, os.replace.__globals__["_replace"]
with tempfile.TemporaryDirectory() as thrown, contextlib.redirect_stdout(None):
    cli.main(["curate", arguments[1], "--workspace", thrown, "--prefect", "off", "--engine", "serial"])
os.replace = hooked
for kills in range(most):
    if not (child := os.fork()):
        os.setsid()
        os._exit(cli.main(arguments))
    status = os.waitpid(child, 0)[1]
    if not os.WIFSIGNALED(status):
        break
print(kills, os.waitstatus_to_exitcode(status))
"""


def run_killed(arguments: list[str], chosen: Mapping[str, set[int]], most: int = 1000) -> tuple[int, dict[str, int]]:
    """Run `maslin ARGUMENTS` again and again until it is not killed any more.

    `chosen`: moments by kind of step. Returns the number of kills and the moments seen of each kind. Raises
    AssertionError when a run ends in another way than well or by a kill.
    """
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sitecustomize.py").write_text(_HOOK.format(folder=folder, chosen=dict(chosen)))
        paths = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))
        done = subprocess.run(
            [sys.executable, "-c", _STARTER, json.dumps(arguments), str(most)], capture_output=True, text=True,
            env=os.environ | {"PYTHONPATH": paths}, check=False)
        assert done.returncode == 0, done.stderr
        kills, code = map(int, done.stdout.split("\n")[-2].split())
        assert code == 0, f"after {kills} kills it ended with {code}: {done.stderr[-4000:]}"
        seen = {path.name.removeprefix("seen-"): path.stat().st_size for path in Path(folder).glob("seen-*")}
        return kills, seen


def spread(seen: Mapping[str, int], kills: int, turn: int = 0) -> dict[str, set[int]]:
    """So many moments, as many of each kind as they go round, and evenly within a kind; another `turn`, others.

    A kind with too few moments for its share leaves the rest of it to the others.
    """
    chosen: dict[str, set[int]] = {}
    kinds = sorted(seen, key=lambda kind: (seen[kind], kind))
    for place, kind in enumerate(kinds):
        left = kills - sum(map(len, chosen.values()))
        number = min(seen[kind], -(-left // (len(kinds) - place)))
        step = seen[kind] / max(1, number)
        chosen[kind] = {1 + int((index + (0.37 * turn) % 1) * step) for index in range(number)}
    return chosen


def main() -> None:
    """Kill a comparison of the tests' inputs, in turns of 25, and compare the bytes after each turn."""
    from tests.flows.small_inputs import write_all
    from tests.flows.test_laws import content

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kills", type=int)
    asked = parser.parse_args().kills
    with tempfile.TemporaryDirectory() as folder:
        recipe = write_all(Path(folder))

        def arguments(name: str) -> list[str]:
            return ["compare", str(recipe), "--workspace", f"{folder}/{name}", "--prefect", "off", "--workers", "2"]

        _, seen = run_killed(arguments("whole"), {})
        print("moments by kind of step:", dict(sorted(seen.items())), flush=True)
        expected, total, turn = content(Path(folder) / "whole"), 0, 0
        by_kind: dict[str, int] = {}
        while total < asked:
            chosen = spread(seen, min(25, asked - total), turn)
            kills, _ = run_killed(arguments(f"killed-{turn}"), chosen)
            assert kills and content(Path(folder) / f"killed-{turn}") == expected
            for kind, moments in chosen.items():
                by_kind[kind] = by_kind.get(kind, 0) + len(moments)
            total, turn = total + kills, turn + 1
            print(f"{total} kills: the same bytes; chosen so far: {by_kind}", flush=True)


if __name__ == "__main__":

    main()
