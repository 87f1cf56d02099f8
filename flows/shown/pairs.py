"""A document beside the one that stays in its place: words that differ in two columns, marked, with a few around."""

import shutil
import textwrap
from itertools import zip_longest

from maslin.curation.evidence.pairs import Difference, Pair
from maslin.flows.shown.answers import Beside
from maslin.manifests.visible import visible_line

_MOST_DIFFERENCES = 12
_MOST_CHARACTERS = 400  # of the words of one
_LEAST_COLUMNS, _MOST_COLUMNS = 80, 160


def beside_facts(pair: Pair) -> Beside:
    return {
        "survivor_id": pair.survivor_id, "url": pair.url, "left_words": pair.left_words,
        "stays_words": pair.stays_words, "shared_words": pair.shared_words,
        "differences": [{"before": each.before, "left": each.left, "stays": each.stays, "after": each.after}
                        for each in pair.differences]}


def print_pair(pair: Pair, full: bool) -> None:
    """The left column is of the document that left. `full`: all differences, with all their words."""
    number = len(pair.differences)
    told = "no word is another" if not number else f"{number:,} {'difference' if number == 1 else 'differences'}"
    print(f"\n  beside the one that stays: {pair.shared_words:,} words in both, of {pair.left_words:,} here and "
          f"{pair.stays_words:,} there; {told}")
    if not number:
        return
    columns = min(max(shutil.get_terminal_size((120, 0)).columns, _LEAST_COLUMNS), _MOST_COLUMNS)
    width = (columns - 7) // 2
    shown = pair.differences if full else pair.differences[:_MOST_DIFFERENCES]
    for each in shown:
        print(f"  {'─' * width}─┬─{'─' * width}")
        most = None if full else _MOST_CHARACTERS
        for here, there in zip_longest(
                _lines(each, each.left, width, most), _lines(each, each.stays, width, most), fillvalue=""):
            print(f"  {here.ljust(width)} │ {there}".rstrip())
    if more := number - len(shown):
        print(f"  … {more:,} more {'difference' if more == 1 else 'differences'} (--full)")


def _lines(difference: Difference, words: str, width: int, most: int | None) -> list[str]:
    marked = f"[{visible_line(words, most)}]" if words else "[]"
    text = " ".join(part for part in (
        visible_line(difference.before), marked, visible_line(difference.after)) if part)
    return textwrap.wrap(text, width, break_on_hyphens=False)
