"""Words and sentences as spaCy's blank English pipeline splits them: `spacy.blank("en")` with `sentencizer`.

The tokenizer's patterns and exceptions are data (`data/spacy_english`, from spaCy 3.8.18, MIT licence); this module
applies them to one run of non-space characters at a time, as `spacy/tokenizer.pyx` does, and the sentencizer's rule
to the tokens. Where it departs: a run of more than `MAX_RUN_CHARACTERS` is one word (the patterns take time in the
square of its length), and exceptions are looked
for in one run alone, where spaCy's search for them may be led astray by tokens beyond white space.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import islice, pairwise
from pathlib import Path

MAX_RUN_CHARACTERS = 2048
_SUFFIX_CHARACTERS = 32
_FOLDER = Path(__file__).parent / "data" / "spacy_english"
_UNITS = re.compile(r"\S+|\s+")

# What the sentencizer asks of a token.
_WORD, _PUNCTUATION, _MARK = 0, 1, 2


class English:
    """The tokenizer and sentencizer, with their data."""

    def __init__(self, folder: Path) -> None:
        data = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        self._prefix, self._suffix_pattern = re.compile(data["prefix"]).match, re.compile(data["suffix"])
        self._infixes, self._url = re.compile(data["infix"]).finditer, re.compile(data["url"]).match
        self._exceptions: dict[str, list[str]] = {text: pieces.split() for text, pieces in data["exceptions"].items()}
        self._marks = frozenset(data["sentence_marks"])
        self._any_mark = re.compile("[" + re.escape(data["sentence_marks"]) + "]").search
        # Exceptions that the affix rules would cut up are looked for among the tokens, by the tokens they become.
        self._cut_up = {
            tuple(self._cut(text, exceptions=False)): text for text in self._exceptions
            if self._prefix(text) or self._suffix(text) or next(self._infixes(text), None)
        }
        self._longest_cut_up = max(map(len, self._cut_up))
        self.kinds = lru_cache(maxsize=1 << 16)(self._kinds)

    def words(self, text: str) -> list[str]:
        """All tokens that are not white space."""
        return [token for run in text.split() for token in self.tokenize(run)]

    def sentences(self, text: str) -> list[str]:
        """The pieces of a text that end where its sentences end; joined they give the text. One at least."""
        bounds = [0, *self._ends(text), len(text)]
        return [text[start:end] for start, end in pairwise(bounds)]

    def count(self, text: str, enough: int | None = None) -> int:
        """The number of sentences, 1 at least; counting may stop at `enough`."""
        return 1 + sum(1 for _ in islice(self._ends(text), None if enough is None else max(0, enough - 1)))

    def _ends(self, text: str) -> Iterator[int]:
        """Where sentences before the last end: behind the token that another sentence's first follows.

        A sentence begins at the first token after a mark that is neither a mark nor punctuation.
        """
        position, after_mark = 0, False
        while position < len(text):
            if not after_mark:  # nothing before the next mark matters
                mark = self._any_mark(text, position)
                if mark is None:
                    return
                position = self._run_start(text, position, mark.start())
            unit = _UNITS.match(text, position)
            assert unit is not None  # a run of white space, or of anything else
            run = unit[0]
            if run.isspace():
                if after_mark and run != " ":  # one blank between words is no token, more white space is
                    yield position
                    after_mark = False
            else:
                for offset, kind in self.kinds(run):
                    if after_mark and kind == _WORD:
                        start = position + offset
                        yield start - 1 if offset == 0 and start and text[start - 1] == " " else start
                        after_mark = False
                    elif kind == _MARK:
                        after_mark = True
            position = unit.end()

    @staticmethod
    def _run_start(text: str, least: int, position: int) -> int:
        while position > least and not text[position - 1].isspace():
            position -= 1
        return position

    def _kinds(self, run: str) -> tuple[tuple[int, int], ...]:
        """(offset, kind) of each token of a run."""
        kinds, offset = [], 0
        for token in self.tokenize(run):
            if token in self._marks:
                kind = _MARK
            elif all(unicodedata.category(character)[0] == "P" for character in token):
                kind = _PUNCTUATION
            else:
                kind = _WORD
            kinds.append((offset, kind))
            offset += len(token)
        return tuple(kinds)

    def tokenize(self, run: str) -> list[str]:
        """The tokens of a run of characters without white space."""
        if len(run) > MAX_RUN_CHARACTERS:
            return [run]
        tokens = self._exceptions.get(run) or self._cut(run, exceptions=True)
        return self._join_exceptions(tokens) if len(tokens) > 1 else tokens

    def _cut(self, run: str, exceptions: bool) -> list[str]:
        """Take prefixes and suffixes off, then cut at infixes."""
        known = self._exceptions if exceptions else {}
        prefixes, suffixes = [], []
        size = -1
        while run and len(run) != size and run not in known:
            size = len(run)
            prefix = self._prefix(run)
            before = prefix.end() - prefix.start() if prefix else 0
            if before and run[before:] in known:
                prefixes.append(run[:before])
                run = run[before:]
                break
            suffix = self._suffix(run[before:])
            after = suffix.end() - suffix.start() if suffix else 0
            if after and run[:-after] in known:
                suffixes.append(run[-after:])
                run = run[:-after]
                break
            if before:
                prefixes.append(run[:before])
            if after and (not before or before + after <= len(run)):
                suffixes.append(run[-after:])
                run = run[:-after]
            run = run[before:]
        if run in known:
            middle = known[run]
        elif not run or self._url(run):
            middle = [run] if run else []
        else:
            middle = self._cut_infixes(run)
        return [*prefixes, *middle, *reversed(suffixes)]

    def _suffix(self, run: str) -> re.Match[str] | None:
        """The suffix of a run, looked for at its end alone: all but rows of full stops are a few characters long."""
        return self._suffix_pattern.search(run, max(0, min(len(run) - _SUFFIX_CHARACTERS, len(run.rstrip(".")))))

    def _cut_infixes(self, run: str) -> list[str]:
        tokens, start = [], 0
        for infix in self._infixes(run):
            if infix.start() == 0:
                continue
            if infix.start() != start:
                tokens.append(run[start : infix.start()])
            if infix[0]:
                tokens.append(infix[0])
            start = infix.end()
        if run[start:]:
            tokens.append(run[start:])
        return tokens

    def _join_exceptions(self, tokens: list[str]) -> list[str]:
        """Put exceptions in the place of the tokens they were cut into: the longest first, then the leftmost."""
        found = [
            (start - end, start, end)
            for start in range(len(tokens))
            for end in range(start + 1, min(len(tokens), start + self._longest_cut_up) + 1)
            if tuple(tokens[start:end]) in self._cut_up
        ]
        if not found:
            return tokens
        seen: set[int] = set()
        replaced: dict[int, int] = {}
        for _, start, end in sorted(found):
            if start not in seen and end - 1 not in seen:
                replaced[start] = end
            seen.update(range(start, end))
        result, index = [], 0
        while index < len(tokens):
            end = replaced.get(index, index + 1)
            if index in replaced:
                result += self._exceptions[self._cut_up[tuple(tokens[index:end])]]
            else:
                result.append(tokens[index])
            index = end
        return result


@cache
def english() -> English:
    return English(_FOLDER)
