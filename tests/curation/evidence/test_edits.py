"""Edits applied, and shown: the diff's two sides are the text before and the text after."""

import re

from hypothesis import given
from hypothesis import strategies as hs

from maslin.curation.evidence.edits import apply, unified_diff
from maslin.manifests.visible import visible_line


def edit(start, end, replacement=None, rule="r"):
    return {"line_start": start, "line_end": end, "replacement": replacement, "rule": rule}


@hs.composite
def edited(draw):
    """Lines, and edits of spans that do not touch."""
    lines = draw(hs.lists(hs.sampled_from(["a", "b", " "]), min_size=1, max_size=30))
    edits, position = [], 0
    while position < len(lines):
        start = position + draw(hs.integers(0, 9))
        end = start + draw(hs.integers(1, 3))
        if end > len(lines):
            break
        edits.append(edit(start, end, draw(hs.none() | hs.sampled_from(["x", "x\ny"])), draw(hs.sampled_from("rs"))))
        position = end
    return "\n".join(lines), edits


def test_apply():
    assert apply("a\nb\nc", [edit(2, 3, "C"), edit(0, 1)]) == "b\nC"
    assert apply("a\nb\n", []) == "a\nb\n"


@given(edited())
def test_a_diff_leads_from_the_text_to_the_new_text(case):
    text, edits = case
    old, new = text.splitlines(), apply(text, edits).split("\n") if apply(text, edits) else []
    at_old = at_new = 0
    rebuilt = []
    for line in unified_diff(text, edits):
        if found := re.match(r"@@ -(\d+),(\d+) \+(\d+),(\d+) @@ ", line):
            start, length, new_start, new_length = map(int, found.groups())
            assert at_old <= start - (length > 0)
            rebuilt += old[at_old:start - (length > 0)]
            at_old, at_new = start - (length > 0), new_start - (new_length > 0)
            assert len(rebuilt) == at_new
        elif line[0] == "+":
            rebuilt.append(line[1:])
        else:
            assert old[at_old] == line[1:]
            at_old += 1
            rebuilt += [line[1:]] if line[0] == " " else []
    if edits:
        assert (rebuilt + old[at_old:]) == new


def test_hunks_of_one_rule():
    text = "\n".join(map(str, range(30)))
    edits = [edit(2, 3, rule="near"), edit(20, 21, "x", rule="far")]
    assert [line for line in unified_diff(text, edits, "far") if line[0] in "+-@"] == [
        "@@ -18,7 +17,7 @@ far", "-20", "+x"]


def test_one_line_of_a_text():
    assert visible_line("a\tb\n\x1b[31mc", 100) == "a⟨U+0009⟩b⟨U+000A⟩⟨U+001B⟩[31mc"
    assert visible_line("abc", 2) == "ab…" and visible_line("abc") == "abc"
