"""spaCy's tokenizer in plain Python, by regular expressions: what the kernel split_text must answer."""

import json
import re

from maslin.curation.text.spacy.tables import FOLDER

_DATA = json.loads((FOLDER / "spacy_en.json").read_text(encoding="utf-8"))
_CLASS = {
    name: "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)
    for name, ranges in _DATA["classes"].items()
}
_ALPHA, _LOWER, _UPPER, _QUOTE = (_CLASS[name] for name in ("alpha", "lower", "upper", "quote"))
_EXCEPTIONS = {entry.replace(" ", ""): entry.split(" ") for entry in _DATA["exceptions"]}
_PHRASES = {tuple(entry.split(" ")) for entry in _DATA["phrases"]}
_CURRENCIES = "|".join(map(re.escape, _DATA["currencies"]))
_UNITS = "|".join(map(re.escape, _DATA["units"]))

_PREFIX = re.compile(rf"\+(?![0-9])|\.\.+|US\$|C\$|A\$|[{_CLASS['prefix']}]")
_SUFFIX = re.compile(
    rf"(?:……|\.\.+|['’][sS]|(?<=[0-9])(?:\+|{_CURRENCIES}|{_UNITS})|(?<=°[FfCcKk])\.|(?<=[{_CLASS['before_stop']}])\."
    rf"|(?<=[{_UPPER}][{_UPPER}])\.|[{_CLASS['suffix']}])$"
)
_INFIX = re.compile(
    rf"\.\.+|[{_CLASS['infix']}]|(?<=[0-9])[+\-\*^](?=[0-9-])|(?<=[{_LOWER}{_QUOTE}])\.(?=[{_UPPER}{_QUOTE}])"
    rf"|(?<=[{_ALPHA}]),(?=[{_ALPHA}])|(?<=[{_ALPHA}0-9])(?:-|–|—|--|---|——|~)(?=[{_ALPHA}])"
    rf"|(?<=[{_ALPHA}0-9])[:<>=/](?=[{_ALPHA}])"
)
_URL = re.compile(
    r"(?:(?:[\w\+\-\.]{2,})://)?(?:\S+(?::\S*)?@)?(?:"
    r"(?!(?:10|127)(?:\.\d{1,3}){3})(?!(?:169\.254|192\.168)(?:\.\d{1,3}){2})"
    r"(?!172\.(?:1[6-9]|2\d|3[0-1])(?:\.\d{1,3}){2})"
    r"(?:[1-9]\d?|1\d\d|2[01]\d|22[0-3])(?:\.(?:1?\d{1,2}|2[0-4]\d|25[0-5])){2}(?:\.(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-4]))"
    r"|(?:(?:[A-Za-z0-9\u00a1-\uffff][A-Za-z0-9\u00a1-\uffff_-]{0,62})?[A-Za-z0-9\u00a1-\uffff]\.)+"
    rf"(?:[{_LOWER}]{{2,63}}))(?::\d{{2,5}})?(?:[/?#]\S*)?"
)


def split(text: str) -> list[str]:
    """The words of a text, without white space."""
    words: list[tuple[int, str]] = []
    for chunk in re.finditer(r"\S+", text):
        position = chunk.start()
        for word in _split_chunk(chunk.group()):
            words.append((position, word))
            position += len(word)
    return _join_phrases(text, words)


def _split_chunk(chunk: str) -> list[str]:
    prefixes, suffixes = [], []
    while chunk and chunk not in _EXCEPTIONS:
        found = _PREFIX.match(chunk)
        prefix = found.end() if found else 0
        if prefix and chunk[prefix:] in _EXCEPTIONS:
            prefixes.append(chunk[:prefix])
            chunk = chunk[prefix:]
            break
        found = _SUFFIX.search(chunk[prefix:])
        suffix = found.end() - found.start() if found else 0
        if suffix and chunk[:-suffix] in _EXCEPTIONS:
            suffixes.append(chunk[-suffix:])
            chunk = chunk[:-suffix]
            break
        if not prefix and not suffix:
            break
        if prefix:
            prefixes.append(chunk[:prefix])
        if suffix:
            suffixes.append(chunk[-suffix:])
        chunk = chunk[prefix : len(chunk) - suffix]
    if chunk in _EXCEPTIONS:
        middle = _EXCEPTIONS[chunk]
    elif not chunk or _URL.fullmatch(chunk):
        middle = [chunk] if chunk else []
    else:
        middle = _split_infixes(chunk)
    return [*prefixes, *middle, *reversed(suffixes)]


def _split_infixes(chunk: str) -> list[str]:
    words, start = [], 0
    for infix in _INFIX.finditer(chunk):
        if infix.start() == 0:
            continue
        words += [chunk[start : infix.start()], infix.group()]
        start = infix.end()
    return [word for word in [*words, chunk[start:]] if word]


def _join_phrases(text: str, words: list[tuple[int, str]]) -> list[str]:
    found = []
    for first in range(len(words)):
        for length in range(2, 12):
            row = words[first : first + length]
            span = text[row[0][0] : row[-1][0] + len(row[-1][1])]
            spaced = re.search(r"\s\s|[^ \S]", span)
            if len(row) == length and tuple(word for _, word in row) in _PHRASES and not spaced:
                found.append((-length, first, span))
    seen: set[int] = set()
    joined = {}
    for length, first, span in sorted(found):
        if first not in seen and first - length - 1 not in seen:
            joined[first] = (-length, span)
        seen.update(range(first, first - length))
    result, index = [], 0
    while index < len(words):
        length, span = joined.get(index, (1, ""))
        result += _EXCEPTIONS.get(span, [word for _, word in words[index : index + length]])
        index += length
    return result
