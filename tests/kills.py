"""SIGKILL at chosen moments of a comparison, spread evenly over its stages: `python -m tests.kills --kills 100`.

A moment is a file that becomes final: a part, a shard's marker, a checkpoint, a manifest. Every process of the command
counts them, by the kind of step; at a chosen one all processes are killed, before the file has its name or after.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

# As `sitecustomize`, which Python runs at the start of every process: the workers', too.
_HOOK = '''
import os, signal
_replace, _folder = os.replace, {folder!r}
def replace(source, target, **more):
    parts = os.path.abspath(target).split(os.sep)
    kinds = [kind for kind, step in zip(parts, parts[1:]) if "@" in step]
    kind = kinds[0] if kinds else "beside"
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
'''


def run_killed(arguments: list[str], chosen: Mapping[str, set[int]], most: int = 1000) -> tuple[int, dict[str, int]]:
    """Run `maslin ARGUMENTS` again and again until it is not killed any more.

    `chosen`: moments by kind of step. Returns the number of kills and the moments seen of each kind. Raises
    AssertionError when a run ends in another way than well or by a kill.
    """
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sitecustomize.py").write_text(_HOOK.format(folder=folder, chosen=dict(chosen)))
        paths = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))
        for kills in range(most):
            done = subprocess.run(
                [sys.executable, "-m", "maslin.flows.cli", *arguments], env=os.environ | {"PYTHONPATH": paths},
                start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            if done.returncode != -signal.SIGKILL:
                assert done.returncode == 0, done.stderr
                seen = {path.name.removeprefix("seen-"): path.stat().st_size for path in Path(folder).glob("seen-*")}
                return kills, seen
        raise AssertionError(f"killed {most} times")


def spread(seen: Mapping[str, int], kills: int, turn: int = 0) -> dict[str, set[int]]:
    """So many moments, as many of each kind as they go round, and evenly within a kind; another `turn`, others."""
    kinds = sorted(seen)
    chosen = {}
    for place, kind in enumerate(kinds):
        number = min(seen[kind], kills // len(kinds) + (place < kills % len(kinds)))
        step = seen[kind] / max(1, number)
        chosen[kind] = {1 + int((index + (0.37 * turn) % 1) * step) for index in range(number)}
    return chosen


def main() -> None:
    """Kill a comparison of the tests' small inputs, in turns of 25, and compare the bytes each time."""
    from tests.flows.small_inputs import write_all
    from tests.flows.test_laws import content

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    asked = parser.parse_args().kills
    with tempfile.TemporaryDirectory() as folder:
        recipe = write_all(Path(folder))

        def arguments(name: str) -> list[str]:
            return ["compare", str(recipe), "--workspace", f"{folder}/{name}", "--prefect", "off", "--workers", "2"]

        _, seen = run_killed(arguments("whole"), {})
        print("moments by kind of step:", seen, flush=True)
        expected, total, turn = content(Path(folder) / "whole"), 0, 0
        while total < asked:
            kills, _ = run_killed(arguments(f"killed-{turn}"), spread(seen, min(25, asked - total), turn))
            assert kills and content(Path(folder) / f"killed-{turn}") == expected
            total, turn = total + kills, turn + 1
            print(f"{total} kills: the same bytes", flush=True)


if __name__ == "__main__":
    main()
