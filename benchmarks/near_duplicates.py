"""Recall of planted near-duplicates and false merges of unlike texts, language by language.

    python -m benchmarks.near_duplicates udhr2.zip --languages cmn_hans jpn tha lao khm mya eng
    python -m benchmarks.near_duplicates udhr2.zip --shares 0.005 0.01 0.02 --threshold 0.7 --words blanks

Texts (`.txt` of a zip file, one a language) are cut into pieces that do not overlap. Of each a copy is planted in which
a share of the characters (`--by word`: of the words between blanks) is edited: changed, left out, or one put in behind,
at places drawn by a fixed seed. All go through `near_dedup` together, in several rounds of other draws. *Recall*:
copies that leave for their own piece. *False*: documents that leave for another one. *Short*: texts of fewer words than
a shingle, which only equal ones can take away.
"""

import argparse
import random
import tempfile
import zipfile
from pathlib import Path

import pyarrow as pa

from maslin.curation.dedup.near import Found, Search, find_duplicates, read_found
from maslin.curation.stages import StageShard
from maslin.manifests.steps.dedup import NearDedup
from maslin.manifests.tables import DOCUMENTS, write_table
from maslin.manifests.workspace import serial_map

ROUNDS = 5


def pieces_of(text: str, characters: int) -> list[str]:
    """Pieces of so many characters; what is left at the end is none."""
    return [text[start:start + characters] for start in range(0, len(text) - characters + 1, characters)]


def edited(text: str, share: float, by: str, draw: random.Random) -> str:
    """A copy with a share of its words or characters edited, one at least."""
    units = text.split(" ") if by == "word" else list(text)
    places = [place for place, unit in enumerate(units) if unit.strip()]
    for place in sorted(draw.sample(places, max(1, round(share * len(places)))), reverse=True):
        other = units[draw.choice([each for each in places if each < len(units) and units[each].strip()])]
        kind = draw.randrange(3)
        units[place:place + 1] = ([other], [], [units[place], other])[kind]
    return (" " if by == "word" else "").join(units)


def planted(texts: dict[str, str]) -> pa.Table:
    """Documents of these ids."""
    return pa.Table.from_pylist(
        [{"id": id, "text": text, "source": "planted"} for id, text in texts.items()], schema=DOCUMENTS)


def left_of(root: Path, documents: Path, near: NearDedup) -> tuple[list[tuple[str, str]], Found]:
    """Who leaves for whom, and all that the search found; `root` is its working folder."""
    found = find_duplicates(Search(root, "planted", serial_map, "planted"), [StageShard(documents)], near)
    return [(row["id"], row["survivor_id"]) for path in found.paths for row in read_found(path).to_pylist()], found


def measure(texts: list[str], share: float, by: str, near: NearDedup) -> str:
    """Recall of planted copies, false merges and short texts over all rounds, in words."""
    own = false = short = 0
    for seed in range(ROUNDS):
        draw = random.Random(seed)
        rows = {f"{number:06d}-a": text for number, text in enumerate(texts)}
        rows |= {f"{number:06d}-b": edited(text, share, by, draw) for number, text in enumerate(texts)}
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            write_table(root, "part.parquet", planted(rows))
            left, found = left_of(root, root / "part.parquet", near)
        here = sum(id[:6] == survivor[:6] for id, survivor in left)
        own, false, short = own + here, false + len(left) - here, short + found.summary["short_documents"]
    return f"{own / len(texts) / ROUNDS:.3f} {false} false" + f" {short} short" * bool(short)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zip", type=Path)
    parser.add_argument("--languages", nargs="+", default=["cmn_hans", "cmn_hant", "jpn", "tha", "lao", "khm", "mya"])
    parser.add_argument("--shares", nargs="+", type=float, default=[0.0, 0.005, 0.01, 0.02])
    parser.add_argument("--characters", type=int, default=700, help="of a piece")
    parser.add_argument("--by", choices=("character", "word"), default="character")
    parser.add_argument("--threshold", type=float, default=NearDedup.threshold)
    parser.add_argument("--words", choices=("scripts", "blanks"), default=NearDedup.words)
    options = parser.parse_args()
    near = NearDedup(threshold=options.threshold, words=options.words)
    print("language  pieces", *(f"{f'{share:.1%}' if share else 'one':>14}" for share in options.shares))
    with zipfile.ZipFile(options.zip) as archive:
        names = {Path(name).stem: name for name in archive.namelist() if name.endswith(".txt")}
        for language in options.languages:
            texts = pieces_of(archive.read(names[language]).decode(), options.characters)
            cells = [measure(texts, share, options.by, near) if texts else "too short" for share in options.shares]
            print(f"{language:9} {len(texts):6}", *(f"{cell:>14}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
