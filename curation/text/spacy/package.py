"""Words as the package spaCy (an optional extra) splits them: what the kernel of words.py reproduces.

The tokenizer of `spacy.blank("en")` alone; white space tokens are left out, as datatrove does.
"""

from functools import cache

import numpy as np

from maslin.curation.resources import MISSING_SPACY
from maslin.manifests.errors import UsageError


def split(texts: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The words of texts as (offsets, start, end), see word_splitters. Raises UsageError without the package."""
    pipeline = _english()
    with pipeline.memory_zone():  # the words it remembers go with the batch
        parts = [_split(pipeline.tokenizer, text) for text in texts]
    offsets = np.cumsum([0, *(len(part) for part in parts)])
    spans = np.concatenate([np.zeros((0, 2), np.int32), *parts])
    return offsets, np.ascontiguousarray(spans[:, 0]), np.ascontiguousarray(spans[:, 1])


def _split(tokenizer, text: str) -> np.ndarray:
    """int32 (words, 2): where each word begins and ends in the text's UTF-8 bytes."""
    spans = [(token.idx, token.idx + len(token)) for token in tokenizer(text) if not token.is_space]
    found = np.array(spans, np.int32).reshape(-1, 2)
    if text.isascii():
        return found
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    lengths = 1 + (codes >= 0x80) + (codes >= 0x800) + (codes >= 0x10000)
    return np.cumsum([0, *lengths])[found].astype(np.int32)


@cache
def _english():
    try:
        import spacy
    except ImportError as error:
        raise UsageError(f"words: {MISSING_SPACY}") from error
    return spacy.blank("en")
