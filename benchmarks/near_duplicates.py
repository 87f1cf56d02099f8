"""Recall of planted near-duplicates and false merges of unlike texts, language by language.

    python -m benchmarks.near_duplicates udhr2.zip --languages cmn_hans jpn tha lao khm mya eng
    python -m benchmarks.near_duplicates udhr2.zip --shares 0.005 0.01 0.02 --threshold 0.7 --words blanks

Texts (`.txt` of a zip file, one a language) are cut into pieces that do not overlap. Of each a copy is planted in which
a share of the characters (`--by word`: of the words between blanks) is edited: changed, left out, or one put in behind,
as a hash of the round has it. All go through `near_dedup` together, in several rounds of other draws. *Recall*:
copies that leave for their own piece. *False*: documents that leave for another one. *Short*: texts of fewer words than
a shingle, which only equal ones can take away.
"""

import argparse
import tempfile
import zipfile
from pathlib import Path

from maslin.curation.evidence.planting import edited, search
from maslin.manifests.steps.dedup import NearDedup

ROUNDS = 5


def pieces_of(text: str, characters: int) -> list[str]:
    """Pieces of so many characters; what is left at the end is none."""
    return [text[start:start + characters] for start in range(0, len(text) - characters + 1, characters)]


def measure(texts: list[str], share: float, by: str, near: NearDedup) -> str:
    """Recall of planted copies, false merges and short texts over all rounds, in words."""
    own = false = short = 0
    for seed in range(ROUNDS):
        rows = {f"{number:06d}-a": text for number, text in enumerate(texts)}
        rows |= {f"{number:06d}-b": edited(text, share, by, seed, str(number)) for number, text in enumerate(texts)}
        with tempfile.TemporaryDirectory() as folder:
            left, found = search(Path(folder), rows, near)
        here = sum(id[:6] == survivor[:6] for id, survivor in left.items())
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
