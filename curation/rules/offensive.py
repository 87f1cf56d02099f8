"""C4's bad-words filter, as TensorFlow Datasets has it (`get_badwords_filter_fn`).

A document is dropped when its lower-cased text matches `(?:\\W|^)(w1|w2|...)(?:\\W|$)` for the LDNOOBW list of its
language; for Japanese, Thai and Chinese without the boundaries. Entries of the lists are taken as they are written,
so that those with capitals never match; a few common subwords are allowed. What follows `-` in a language code is cut
off; a document without a language counts as English, and one of a language without a list passes. `list`: `c4`, the
English list as C4 used it (377 entries), or `latest` (403). `filter_fraction`: the share of these documents that goes,
drawn by the MD5 of their URL as C4 normalises it (curation/text/c4_urls.py).
"""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from maslin.curation.rules.judgement import Judgement
from maslin.curation.text import c4_urls
from maslin.curation.text.batch import Batch, Decision
from maslin.curation.text.word_trie import FOUND_NONE, WordTrie
from maslin.manifests.steps.c4 import OFFENSIVE, Offensive

UNBOUNDED = ("ja", "th", "zh")
ALLOWED = {"ja": {"sm", "グロ", "女の子"}, "zh": {"性"}}
_FOLDER = Path(__file__).parent / "data" / "ldnoobw"
_SINCE_C4 = "en-since-c4"


def judge(batch: Batch, parameters: Offensive) -> Decision:
    judgement = Judgement(OFFENSIVE, parameters, batch)
    codes = np.array([(language or "en").split("-")[0] for language in batch.column("language")], dtype=object)
    for code in sorted(set(codes) & languages()):
        trie = _trie(code, parameters.list)
        rows = np.flatnonzero(codes == code)
        found = trie.search(batch.data, batch.offsets, rows, batch.text)
        for row, word in zip(rows[found != FOUND_NONE], found[found != FOUND_NONE], strict=True):
            judgement.drop("offensive", row, detail=trie.words[word])
    if parameters.filter_fraction < 1:
        rows = np.flatnonzero(~judgement.open)
        judgement.keep(rows[~c4_urls.drawn(batch.table.take(pa.array(rows)), parameters.filter_fraction)])
    return judgement.decision()


@cache
def languages() -> frozenset[str]:
    """The languages that have a list."""
    return frozenset(path.stem.split("-")[0] for path in _FOLDER.glob("*.json"))


@cache
def words(language: str, which: str) -> tuple[str, ...]:
    """The entries of a language, in the order of its files: lists of regional variants are joined."""
    entries: dict[str, None] = {}
    for path in sorted(_FOLDER.glob("*.json")):
        if path.stem.split("-")[0] == language and path.stem != _SINCE_C4:
            entries |= dict.fromkeys(entry.strip() for entry in json.loads(path.read_text(encoding="utf-8")))
    left_out = ALLOWED.get(language, set())
    if language == "en" and which == "c4":
        left_out = left_out | set(json.loads((_FOLDER / f"{_SINCE_C4}.json").read_text(encoding="utf-8")))
    return tuple(entry for entry in entries if entry and entry not in left_out)


@cache
def _trie(language: str, which: str) -> WordTrie:
    return WordTrie.build(words(language, which), bounded=language not in UNBOUNDED)
