"""A long run: `python -m tests.fuzz PARSER --minutes 20`. With `atheris` installed its coverage leads the way.

What is found is written to `fault-PARSER-….bin` in the folder it is run in: a case for the tests.
"""

import argparse
import hashlib
import importlib.util
import os
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from tests.fuzz.mutation import mutated


def main() -> NoReturn:
    """Ends with 1 when a fault was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parser")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    led = importlib.util.find_spec("atheris") is not None
    if led:
        import atheris

        with atheris.instrument_imports(include=["maslin"], exclude=_compiled()):
            from tests.fuzz.parsers import PARSERS, checked
    else:
        from tests.fuzz.parsers import PARSERS, checked
    chosen = PARSERS[asked.parser]
    seeds = list(chosen.seeds())
    faults: dict[str, int] = {}
    runs = 0
    began = time.monotonic()  # set anew when the seeds are read
    with tempfile.TemporaryDirectory() as folder:
        def test(data: bytes) -> None:
            nonlocal runs
            if time.monotonic() - began > 60 * asked.minutes:  # libFuzzer does not come back
                end()
                shutil.rmtree(folder)
                os._exit(bool(faults))
            runs += 1
            try:
                checked(chosen, data, Path(folder))
            except Exception as error:
                frame = traceback.extract_tb(error.__traceback__)[-1]
                place = f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
                if place not in faults:
                    name = f"fault-{asked.parser}-{hashlib.sha256(data).hexdigest()[:12]}.bin"
                    Path(name).write_bytes(data)
                    print(f"{place}: {str(error)[:200]} ({name})", flush=True)
                faults[place] = faults.get(place, 0) + 1

        def end() -> None:
            print(f"{asked.parser}: {runs:,} inputs in {(time.monotonic() - began) / 60:.1f} minutes"
                  f"{', led by coverage' if led else ''}; faults: {faults or 'none'}", flush=True)

        for data in seeds:  # compiles the kernels: nobody's slow input
            chosen.parse(data, Path(folder))
        began = time.monotonic()
        rng = random.Random(asked.seed)
        if led:
            _led(test, seeds, chosen.tokens, asked.seed, Path(folder))
        while True:
            test(mutated(rng, seeds, chosen.tokens))


def _compiled() -> list[str]:
    """Modules whose code a compiler takes: it does not know what is written into it."""
    root = Path(__file__).resolve().parents[2]
    return [".".join(("maslin", *path.relative_to(root).with_suffix("").parts)) for path in (root / "curation").rglob(
        "*.py") if "numba" in path.read_text(encoding="utf-8")]


def _led(
    test: Callable[[bytes], None], seeds: list[bytes], tokens: tuple[bytes, ...], seed: int, folder: Path,
) -> NoReturn:
    import atheris

    corpus = folder / "what-atheris-keeps"
    corpus.mkdir()
    for number, data in enumerate(seeds):
        (corpus / str(number)).write_bytes(data)

    def edit(data: bytes, max_size: int, number: int) -> bytes:
        """Half of the steps are ours, as they know the format's words."""
        rng = random.Random(number)
        own = mutated(rng, [data or b"\n", *seeds[:1]], tokens) if number % 2 else atheris.Mutate(data, max_size)
        return own[:max_size]

    atheris.Setup(
        [sys.argv[0], str(corpus), f"-seed={seed + 1}", "-max_len=100000",
         "-rss_limit_mb=4096", "-verbosity=0", "-print_final_stats=0"],
        test, custom_mutator=edit)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
