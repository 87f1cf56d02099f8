"""Two texts word by word: all that differs is told, and what is the same is the same."""

import time

from hypothesis import given
from hypothesis import strategies as hs

from maslin.curation.evidence.pairs import MOST_WORDS, Difference, compare

WORDS = hs.lists(hs.sampled_from(["a", "b", "c", "Dog.", "ß"]), max_size=40).map(" ".join)


def test_a_word_that_is_another_stands_between_its_neighbours():
    pair = compare("one two three four", "one two 3 four")
    assert pair.differences == (Difference("one two", "three", "3", "four"),)
    assert (pair.left_words, pair.stays_words, pair.shared_words) == (4, 4, 3)


def test_signs_of_scripts_without_spaces_are_words():
    assert [each.left for each in compare("今日は晴れです", "今日は雨です").differences] == ["晴 れ"]


@given(WORDS, WORDS)
def test_all_words_are_shared_or_in_a_difference(left, stays):
    pair = compare(left, stays)
    assert pair.left_words == pair.shared_words + sum(len(each.left.split()) for each in pair.differences)
    assert pair.stays_words == pair.shared_words + sum(len(each.stays.split()) for each in pair.differences)
    assert (left.split() == stays.split()) == (not pair.differences)


def test_long_texts_take_seconds_at_most():
    one, other = (" ".join(f"w{n ** power % 1009}" for n in range(30_000)) for power in (2, 3))
    begin = time.process_time()
    pair = compare(one, other)
    assert time.process_time() - begin < 10 and pair.left_words == MOST_WORDS
