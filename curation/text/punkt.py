"""Sentence boundaries by Punkt with NLTK's English parameters: the sentences C4 counts.

Kiss and Strunk, "Unsupervised Multilingual Sentence Boundary Detection", 2006, as `PunktSentenceTokenizer` of NLTK
3.10.4 decides with `punkt_tab/english`, boundaries realigned. That release compiles its patterns with the `regex`
module: white space in them is the Unicode property (without U+001C to U+001F), and a letter includes combining marks.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from maslin.curation import resources

_SPACE = r"[^\S\x1c-\x1f]"
_NON_SPACE = r"[\S\x1c-\x1f]"
_NON_WORD = r"""[)";}\]*:@'({\[\u2018\u2019\u201c\u201d\xab\xbb?!]"""
_MULTI = rf"(?:-{{2,}}|\.{{2,}}|(?:\.{_SPACE}){{2,}}\.)"

_CANDIDATE = re.compile(rf"[.?!](?=({_NON_WORD}|{_SPACE}+({_NON_SPACE}+)))")
_CLOSING = re.compile(rf"""["')\]}}\u2018\u2019\u201c\u201d\xab\xbb]+?(?:{_SPACE}+|(?=--)|$)""", re.MULTILINE)
_TOKEN = re.compile(
    rf"""{_MULTI}|(?=[^("`{{\[:;&#*@)}}\]\-,]){_NON_SPACE}+?"""
    rf"(?={_SPACE}|$|{_NON_WORD}|{_MULTI}|,(?=$|{_SPACE}|{_NON_WORD}|{_MULTI}))|{_NON_SPACE}"
)
_ELLIPSIS = re.compile(r"\.\.+$")
_NUMERIC = re.compile(r"^-?[.,]?\d[\d,.-]*\.?$")
_ASCII_SPACE = " \t\n\r\x0b\x0c"
_PUNCTUATION = frozenset(";:,.!?")
_ENDS = frozenset(".?!")

# Orthographic contexts of a word in the training text: (beginning, middle, unknown place) x (upper, lower case).
_BEGINNING_UPPER, _MIDDLE_UPPER, _UNKNOWN_UPPER, _BEGINNING_LOWER, _MIDDLE_LOWER, _UNKNOWN_LOWER = (
    1 << bit for bit in range(1, 7)
)
_UPPER = _BEGINNING_UPPER | _MIDDLE_UPPER | _UNKNOWN_UPPER
_LOWER = _BEGINNING_LOWER | _MIDDLE_LOWER | _UNKNOWN_LOWER

_YES, _NO, _UNSURE = 1, 0, -1


class Punkt:
    """A sentence splitter with fixed parameters: abbreviations, collocations, sentence starters, word contexts."""

    def __init__(
        self, abbreviations: set[str], collocations: set[tuple[str, ...]], starters: set[str], contexts: dict[str, int]
    ) -> None:
        self.abbreviations, self.collocations, self.starters = abbreviations, collocations, starters
        self.contexts = contexts

    @classmethod
    def load(cls, folder: Path) -> "Punkt":
        """Parameters from the four files of a `punkt_tab` language."""
        def lines(name: str) -> list[str]:
            return (folder / name).read_text(encoding="utf-8").removesuffix("\n").split("\n")

        return cls(
            set(lines("abbrev_types.txt")), {tuple(line.split("\t")) for line in lines("collocations.tab")},
            set(lines("sent_starters.txt")),
            {word: int(context) for word, context in (line.split("\t") for line in lines("ortho_context.tab"))},
        )

    def count(self, text: str, enough: int | None = None) -> int:
        """The number of sentences; counting may stop at `enough`."""
        number = 0
        for _ in self.spans(text):
            number += 1
            if number == enough:
                break
        return number

    def sentences(self, text: str) -> list[str]:
        return [text[start:end] for start, end in self.spans(text)]

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """(start, end) of each sentence, closing quotes and brackets moved to the sentence they close."""
        moved = 0
        previous: tuple[int, int] | None = None
        for span in self._slices(text):
            if previous is not None:
                start = previous[0] + moved
                closing = _CLOSING.match(text, *span)
                if closing:
                    yield start, span[0] + len(closing.group().rstrip())
                    moved = closing.end() - span[0]
                else:
                    moved = 0
                    if start < previous[1]:
                        yield start, previous[1]
            previous = span
        if previous is not None and previous[0] + moved < previous[1]:
            yield previous[0] + moved, previous[1]

    def _slices(self, text: str) -> Iterator[tuple[int, int]]:
        """Sentences before realignment."""
        start = 0
        for match, context in _contexts(text):
            if self._breaks(context):
                yield start, match.end()
                start = match.start(2) if match.group(2) else match.end()
        yield start, len(text.rstrip())

    def _breaks(self, context: str) -> bool:
        """Whether a token of the context, not the last, ends a sentence."""
        tokens = [token for line in context.split("\n") if line.strip() for token in _TOKEN.findall(line)]
        return any(self._ends_sentence(tokens[i], tokens[i + 1]) for i in range(len(tokens) - 1))

    def _ends_sentence(self, token: str, following: str) -> bool:
        ends, abbreviated, dots = self._first_pass(token)
        if not token.endswith("."):
            return ends
        kind = _kind(token)
        kind = kind[:-1] if len(kind) > 1 and kind[-1] == "." else kind
        following_kind = _kind(following)
        if self._first_pass(following)[0] and len(following_kind) > 1 and following_kind[-1] == ".":
            following_kind = following_kind[:-1]
        if (kind, following_kind) in self.collocations:
            return False
        upper = following[0].isupper()
        initial = _is_initial(token)
        if (abbreviated or dots) and not initial:
            if self._starts_sentence(following, following_kind) == _YES:
                return True
            if upper and following_kind in self.starters:
                return True
        if initial or kind == "##number##":
            starts = self._starts_sentence(following, following_kind)
            if starts == _NO:
                return False
            if starts == _UNSURE and initial and upper and not self.contexts.get(following_kind, 0) & _LOWER:
                return False
        return ends

    def _first_pass(self, token: str) -> tuple[bool, bool, bool]:
        """Whether the token alone ends a sentence, is an abbreviation, is an ellipsis."""
        if token in _ENDS:
            return True, False, False
        if _ELLIPSIS.match(token):
            return False, False, True
        if token.endswith(".") and not token.endswith(".."):
            word = token[:-1].lower()
            if word in self.abbreviations or word.rsplit("-", 1)[-1] in self.abbreviations:
                return False, True, False
            return True, False, False
        return False, False, False

    def _starts_sentence(self, token: str, kind: str) -> int:
        """The orthographic heuristic: what the cases this word was seen in say of it here."""
        if token in _PUNCTUATION:
            return _NO
        context = self.contexts.get(kind, 0)
        if token[0].isupper() and context & _LOWER and not context & _MIDDLE_UPPER:
            return _YES
        if token[0].islower() and (context & _UPPER or not context & _BEGINNING_LOWER):
            return _NO
        return _UNSURE


def _contexts(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Possible sentence ends, each with the word before it and the token after; of overlapping ones the last."""
    spaces = [space for space in _ASCII_SPACE if space in text]
    before = (0, 0)
    last: re.Match[str] | None = None
    for match in _CANDIDATE.finditer(text):
        floor, end = before[1], match.start()
        space = max((text.rfind(space, floor, end) for space in spaces), default=-1)
        # A space at the very start of what lies between does not count, as in the reference.
        word = (space + 1, end) if space > floor else (before[0], end)
        if last is not None and before[1] <= word[0]:
            yield last, text[before[0] : last.end()] + last.group(1)
        last, before = match, word
    if last is not None:
        yield last, text[before[0] : last.end()] + last.group(1)


def _kind(token: str) -> str:
    """The token in lower case, numbers all alike."""
    return _NUMERIC.sub("##number##", token.lower())


def _is_initial(token: str) -> bool:
    """A single letter and a period."""
    if len(token) != 2:
        return False
    category = unicodedata.category(token[0])
    return category[0] in "LM" or category in ("Nl", "Pc")


@cache
def english() -> Punkt:
    """NLTK's English parameters. Raises UsageError when set-up has not fetched them."""
    return Punkt.load(resources.path("punkt_english"))
