"""Texts as FineWeb's deduplication normalises them: datatrove's `simplify_text`.

Letters are small, punctuation is a space, white space is one space, and what Unicode decomposes (NFD) is without
nonspacing marks: accents, and also vowels of Thai or Hindi that are such marks. There every number is 0; here only
where it is asked for, as pages that differ in numbers alone are not the same.
"""

import re
import unicodedata
from functools import lru_cache

# datatrove's PUNCTUATION, with its control characters.
_PUNCTUATION = (
    "!/—”:％１〈&(、━\\【#%「」，】；+^]~“《„';’{|∶´[=-`*．（–？！：$～«〉,><》)?）。…@_.\"}►»"
    + "".join(map(chr, [*range(9), 11, 12, *range(13, 32), *range(127, 160)])))
_SPACED = {ord(sign): " " for sign in _PUNCTUATION}
_SPACED_BYTES = bytes(0x20 if chr(byte) in _PUNCTUATION and byte < 128 else byte for byte in range(256))
_NUMBER = re.compile(r"\d+(\.\d+)?")
_OTHERS = re.compile(r"[^\x00-\x7f]+")
_SHORT = 8  # characters of a run that is likely to come again: an accented letter, a quotation mark


def normalised_text(text: str, numbers_alike: bool = False) -> bytes:
    """The text normalised, in UTF-8; empty where it has nothing but punctuation and white space.

    ASCII goes as bytes, which takes a quarter of the time; marks after an ASCII letter are of the run that follows it.
    """
    text = text.lower()
    if numbers_alike:
        text = _NUMBER.sub("0", text)
    if text.isascii():
        return b" ".join(text.encode().translate(_SPACED_BYTES).split())
    text = _OTHERS.sub(_spaced, text)
    data = b" ".join(text.encode("utf-8", "surrogatepass").translate(_SPACED_BYTES).split())
    return _OTHERS.sub(_unmarked, data.decode("utf-8", "surrogatepass")).encode("utf-8", "surrogatepass").strip()


def _spaced(found: re.Match[str]) -> str:
    return _short_spaced(found[0]) if len(found[0]) <= _SHORT else _with_spaces(found[0])


def _unmarked(found: re.Match[str]) -> str:
    return _short_unmarked(found[0]) if len(found[0]) <= _SHORT else _without_marks(found[0])


def _with_spaces(run: str) -> str:
    """With a space for punctuation, and for white space."""
    return "".join(" " if sign.isspace() else sign for sign in run.translate(_SPACED))


def _without_marks(run: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFD", run) if unicodedata.category(sign) != "Mn")


_short_spaced, _short_unmarked = lru_cache(1 << 16)(_with_spaces), lru_cache(1 << 16)(_without_marks)
