"""The encoding of a page that announces none and is no UTF-8: windows-1252 unless its bytes speak clearly against it.

A detector names an encoding for any bytes: for a few accents of a language that it does not know, a code page of DOS or
of the Baltic. So what it says is asked for evidence. Scripts of their own stand in runs of letters beyond ASCII, where
Latin ones are single letters between those of ASCII. Which of the Latin encodings it is shows in how often its letters
come: one is believed where they come as in a language that is written in it.
"""

import re
from collections import Counter
from functools import cache
from math import log

from resiliparse.parse.encoding import detect_encoding

from maslin.curation.ingest.web.labels import python_encoding

_DETECT_BYTES = 1 << 17
_ASCII = bytes(range(0x80))
_RUN = re.compile("[\u0370-\u1dff\u2e80-\uefff\uf900-\uffef\U00010000-\U0010ffff]{2,}")  # of no Latin letters
_MIN_SHARE_IN_RUNS = 0.6  # of Cyrillic, Greek, Arabic, Chinese … .95 and more, of Latin ones .25 at most
_MAX_DIVERGENCE = 0.35  # nats a letter; of the languages' own texts .02–.2, of windows-1252 read as another .6 and more
_WITH_HINT = 0.8  # where the detector, or what the page says its language is, names it too
_GAIN = 6.0  # nats: the bytes are e⁶ times as likely letters of that language as of one of windows-1252
_HINT = 3.0  # nats that a hint counts for: the detector's guess, or the language the page says it is in
_FEW_LETTERS = 4
_UNHEARD_OF = 1e-4  # the share of a letter that a language has not
# Detected, but pages are in the other, which has the same letters; and what it cannot be.
_DETECTED = {"koi8-r": "koi8-u", "iso8859-16": "cp1250", "utf-8": "", "ascii": ""}
_NEUTRAL_SHARE = 0.05
_NEUTRAL = frozenset("\xa0\xad«»‹›“”„‘’‚–—…•·©®™°§€¡¿´£±µ×÷²³½¼¾ªº")  # stand in texts of any language

# Letters beyond ASCII, per mille of all letters, and the encodings of pages that do not say theirs. Those of
# windows-1252 are not here: it is what remains.
_LANGUAGES: tuple[tuple[str, str, str], ...] = (
    ("pl", "cp1250 iso8859-2 cp852", "ą10 ć4 ę11 ł18 ń2 ó9 ś7 ź.6 ż8"),
    ("cs", "cp1250 iso8859-2 cp852", "á22 č10 ď.3 é13 ě16 í32 ň.8 ó.4 ř12 š8 ť.4 ú1.2 ů7 ý10 ž10"),
    ("sk", "cp1250 iso8859-2 cp852", "á20 ä1.5 č10 ď1 é8 í11 ľ4.5 ĺ.1 ň2 ó2 ô2 ŕ.1 š9.5 ť4 ú10 ý11 ž9.5"),
    ("hu", "cp1250 iso8859-2 cp852", "á36 é35 í7 ó10 ö9.5 ő9 ú3 ü6 ű2"),
    ("hr bs sr sh", "cp1250 iso8859-2 cp852", "č10 ć6 đ2.5 š9.5 ž5.5"),
    ("sl", "cp1250 iso8859-2 cp852", "č13 š9.5 ž7 ć.1 đ.1"),
    ("ro mo", "cp1250 iso8859-2 cp852", "ă40 â9 î13 ş14 ţ12"),
    ("hsb dsb", "cp1250 iso8859-2 cp852", "ć6 č8 ě14 ł10 ń2 ó12 ř3 š10 ž8"),
    ("lt", "cp1257 iso8859-13", "ą6 č4.5 ė16 ę2.5 į6 š12 ų13 ū5 ž8"),
    ("lv", "cp1257 iso8859-13", "ā39 č1.5 ē18 ģ1.3 ī19 ķ1.5 ļ3.3 ņ6 š9 ū5.5 ž3"),
    ("et", "cp1257 iso8859-13", "ä17 õ12 ö2.5 ü9 š.2 ž.1"),
    ("tr", "cp1254", "â.5 ç11 ğ11 ı51 î.2 ö8 ş18 ü19 û.1"),
    ("ku", "cp1254", "ç7 ê35 î28 û14 ş13"),
    ("eo", "iso8859-3", "ĉ7 ĝ6 ĥ.4 ĵ1 ŝ2 ŭ5.5"),
    ("mt", "iso8859-3", "à1.5 ċ8 ġ15 ħ30 ż13"),
    ("vi", "cp1258", "ư10 ê10 ô7 đ7 ơ7 â5 ă1.5 \u030015 \u030114 \u03037 \u03097 \u032315 à3 á3 é1 í1 ó1 ú1 ò1 ì1 ù1"),
)
# The same of languages of windows-1252, and last of all of them together, which is to stand for those not here.
_WESTERN: tuple[tuple[str, str], ...] = (
    ("de", "ä5.5 ö3 ü6.5 ß3"), ("it", "è3 à6 ù2 ò2.5 é.6 ì1.5"),
    ("fr", "é19 è3 à5 ê2 ç.9 ù.6 â.5 î.5 û.4 ô.2 ï.1 ë.1 œ.2"),
    ("es", "á5 é4.5 í7 ó9 ú1.7 ñ3 ü.1"),
    ("pt", "ã8 á5 ç5 é5 ó3 ê3.5 í3 õ2 ú1.2 â1 à1"),
    ("da no nb nn", "å10 ø9 æ8 é.5"),
    ("ca", "à9 é6 ó6 è4 ò3 í4 ç1.5 ú1 ï.5 ü.4"), ("is fo", "á18 í16 ð44 þ15 é6 ó10 ö8 ú6 ý2.5 æ9 ø3"),
    ("sv fi", "ä20 ö11 å8 é.3"), ("nl af", "ë3 é1 ï.5 è.3 ê.3 ö.2"), ("sq", "ë70 ç5"), ("ga", "á15 é8 í18 ó11 ú9"),
    ("", "é20 ä12 á9 ü9 ó8 í8 ö8 à6 è6 å6 ç4 ñ4 ã4 ø4 ê3 ú3 æ3 ß2 õ2 ô2 â2 ò2 ë2 ù1 ì1 ý1 ð1 þ1 î1 ï1 û1 œ1 š1 ž1"),
)


def undeclared_encoding(body: bytes, language: str = "") -> str:
    """The encoding of a page that is no UTF-8. `language`: what the page says of itself, as in `lang="pl-PL"`."""
    body = body[:_DETECT_BYTES]
    # By the detector's own name: as a name of HTML 5 it calls Korean's cp949 UTF-8.
    guess = python_encoding(detect_encoding(body, html5_compatible=False) or "")
    guess = _DETECTED.get(guess, guess)
    if guess and _is_in_runs(body.decode(guess, "replace")):
        return guess
    counts = Counter(body.translate(None, _ASCII))
    spoken = language.lower().partition("-")[0]
    western = max(_likelihood(counts, "cp1252", shares) + _HINT * (spoken in names.split())
                  for names, shares in _WESTERN)
    best, found = 0.0, "cp1252"
    for names, codecs, shares in _LANGUAGES:
        for codec in codecs.split():
            hints = (codec == guess) + (spoken in names.split())
            gain = _likelihood(counts, codec, shares) - western - _GAIN + _HINT * hints
            allowed = _WITH_HINT if hints else _MAX_DIVERGENCE
            if gain > best and _divergence(counts, codec, shares) <= allowed:
                best, found = gain, codec
    return found


def _is_in_runs(text: str) -> bool:
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return sum(map(len, _RUN.findall(text))) > _MIN_SHARE_IN_RUNS * beyond_ascii


def _likelihood(counts: Counter[int], codec: str, shares: str) -> float:
    """Nats of the bytes as letters of an encoding that come in these shares."""
    expected, _ = _expected(codec, shares)
    return sum(times * log(expected[byte]) for byte, times in counts.items())


def _divergence(counts: Counter[int], codec: str, shares: str) -> float:
    """How far the letters come in other shares than expected: Kullback-Leibler, nats a letter, less what letters in
    these shares differ by chance (half a nat for each kind of letter).
    """
    expected, is_letter = _expected(codec, shares)
    seen = {byte: times for byte, times in counts.items() if is_letter[byte]}
    letters = sum(seen.values())
    nats = sum(times * log(times / letters / expected[byte]) for byte, times in seen.items())
    by_chance = len(shares.split()) / 2 if letters >= _FEW_LETTERS else len(seen) / 2
    return (nats - by_chance) / max(letters, 1)


@cache
def _expected(codec: str, shares: str) -> tuple[tuple[float, ...], tuple[bool, ...]]:
    """Each byte's share of those beyond ASCII, and whether it is a letter: others say little of a language."""
    given = {entry[0]: float(entry[1:]) for entry in shares.split()}
    whole = sum(given.values())
    expected, is_letter = [1.0] * 256, [False] * 256
    for byte in range(0x80, 0x100):
        letter = bytes((byte,)).decode(codec, "replace").lower()[0]  # İ is i and a dot
        is_letter[byte] = letter not in _NEUTRAL and not letter.isascii()
        expected[byte] = given.get(letter, _UNHEARD_OF * whole) / whole if is_letter[byte] else _NEUTRAL_SHARE
    return tuple(expected), tuple(is_letter)
