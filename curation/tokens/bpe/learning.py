"""Merges learned from counted words: always of the most frequent pair of neighbours, of equals that of smaller ids.

What comes out is what `tokenizers.trainers.BpeTrainer` learns (huggingface/tokenizers, models/bpe/trainer.rs), down to
what nobody would ask for: the count of a pair is not lowered by its own merge; a token that two pairs spell has one
id, and a pair with it may be merged twice; a place in the queue knows the words in which its pair came up while it
was queued, and no others.

Pairs have numbers. `places` (slots, 2) uint64: key and number of a pair, by hash. `pairs` (numbers, 4): its key, its
count, the list of words in which it came up in this round, and the last of them. `lists` (entries, 2): a word and the
next entry. `queue` (places, 4): a heap of count, key, number and list. `sizes`: how much of each is taken.
"""

import numpy as np
from numba import uint64

from maslin.curation.text.text_hash import hash_bytes, mix
from maslin.manifests.kernels.kernel import njit

_KEY, _COUNT, _WORDS, _LATEST = 0, 1, 2, 3  # columns of pairs
_NUMBER, _LIST = 2, 3  # columns of a queue, whose first ones are count and key
_PAIRS, _LISTS, _FREE, _QUEUE, _RARE, _CHANGES, _ROUND = range(7)  # in sizes
_END = -1  # of a list


@njit(cache=True)
def learn(tokens, offsets, counts, size, least, spellings, spelling_offsets):
    """Merges int64 (merges, 3) of left, right and token in their order, for `size` tokens at most.

    tokens[offsets[i]:offsets[i + 1]] (int32, overwritten) is a word that comes counts[i] times. No pair is merged that
    comes less than `least` times. `spellings` uint8: the bytes of the tokens that there are, one after another; of one
    that can be no merge there are none.
    """
    known = len(spelling_offsets) - 1
    spelling_ends = np.zeros(max(size, known) + 1, np.int64)
    spelling_ends[:known + 1] = spelling_offsets
    ids = np.full(4*(max(size, known) + 1), -1, np.int64)  # of spellings, by hash
    for token in range(known):
        ids[_spelling_place(ids, spellings, spelling_ends, token)] = token
    lengths = np.diff(offsets)
    sizes = np.zeros(7, np.int64)
    sizes[_FREE] = _END
    places, pairs = np.zeros((1 << 16, 2), np.uint64), np.empty((1 << 12, 4), np.int64)
    lists, round_pairs = np.empty((1 << 12, 2), np.int32), np.empty(1 << 12, np.int64)
    queue, rare = np.empty((1 << 12, 4), np.int64), np.empty((1 << 12, 4), np.int64)
    changes, merges = _all_pairs(tokens, offsets, sizes), np.empty((1 << 12, 3), np.int64)
    merged, last_round = 0, False
    places, pairs, lists, round_pairs = _apply(changes, counts, places, pairs, lists, round_pairs, sizes)
    queue, rare = _enqueue(queue, rare, pairs, round_pairs, least, sizes)
    while known < size:
        if sizes[_QUEUE] == 0:  # what is left came too seldom when it was queued
            if last_round or sizes[_RARE] == 0:
                break
            queue, last_round = _heap(rare, sizes), True
        count, key, number, words = queue[0, 0], queue[0, 1], queue[0, _NUMBER], queue[0, _LIST]
        sizes[_QUEUE] -= 1
        _take_first(queue, sizes[_QUEUE])
        if count != pairs[number, _COUNT]:
            count = pairs[number, _COUNT]
            if count >= least or last_round:
                queue = _put(queue, count, key, number, words, sizes)
            else:
                rare = _set_aside(rare, count, key, number, words, sizes)
            continue
        if count < 1 or count < least:
            break
        left, right = key >> 32, (key & 0xFFFFFFFF) - 1
        spellings = _spell(spellings, spelling_ends, known, left, right)
        place = _spelling_place(ids, spellings, spelling_ends, known)
        if ids[place] < 0:
            ids[place] = known
            known += 1
        token = ids[place]
        merges = _room(merges, merged, 1)
        merges[merged, 0], merges[merged, 1], merges[merged, 2] = left, right, token
        merged += 1
        changes = _merge_words(tokens, offsets, lengths, lists, words, left, right, token, changes, sizes)
        places, pairs, lists, round_pairs = _apply(changes, counts, places, pairs, lists, round_pairs, sizes)
        queue, rare = _enqueue(queue, rare, pairs, round_pairs, 0 if last_round else least, sizes)
    return merges[:merged], spellings[:spelling_ends[known]], spelling_ends[:known + 1]


@njit(cache=True)
def _room(array, size, more):
    """The array, or a longer copy, with room for `more` rows behind `size`."""
    if size + more <= len(array):
        return array
    longer = np.empty((2*(size + more), array.shape[1]), array.dtype)
    longer[:size] = array[:size]
    return longer


@njit(cache=True)
def _spell(spellings, ends, token, left, right):
    """The spellings, with that of a token of two others behind them."""
    begin, end = ends[token], ends[token] + ends[left + 1] - ends[left] + ends[right + 1] - ends[right]
    if end > len(spellings):
        longer = np.empty(2*end, np.uint8)
        longer[:begin] = spellings[:begin]
        spellings = longer
    middle = begin + ends[left + 1] - ends[left]
    spellings[begin:middle] = spellings[ends[left]:ends[left + 1]]
    spellings[middle:end] = spellings[ends[right]:ends[right + 1]]
    ends[token + 1] = end
    return spellings


@njit(cache=True)
def _spelling_place(ids, spellings, ends, token):
    """Where the id stands of the token that is spelled as this one, or where it would."""
    begin, length = ends[token], ends[token + 1] - ends[token]
    place = np.int64(mix(hash_bytes(spellings, begin, begin + length)) % uint64(len(ids)))
    while ids[place] >= 0:
        other = ends[ids[place]]
        if length > 0 and ends[ids[place] + 1] - other == length:
            same = True
            for index in range(length):
                same = same and spellings[begin + index] == spellings[other + index]
            if same:
                break
        place = (place + 1) % len(ids)
    return place


@njit(cache=True)
def _all_pairs(tokens, offsets, sizes):
    """Changes int64 (changes, 3) of key, what it is changed by in a word, and word: every pair of every word."""
    changes = np.empty((len(tokens), 3), np.int64)
    size = 0
    for word in range(len(offsets) - 1):
        for position in range(offsets[word], offsets[word + 1] - 1):
            changes[size, 0] = np.int64(tokens[position]) << 32 | np.int64(tokens[position + 1]) + 1
            changes[size, 1], changes[size, 2] = 1, word
            size += 1
    sizes[_CHANGES] = size
    return changes


@njit(cache=True)
def _merge_words(tokens, offsets, lengths, lists, words, left, right, token, changes, sizes):
    """Merge a pair in a list of words, whose entries are given back; returns the changes of other pairs."""
    size = 0
    while words != _END:
        word = lists[words, 0]
        begin, length = offsets[word], lengths[word]
        changes = _room(changes, size, 2*length) if size + 2*length > len(changes) else changes
        read = written = 0
        while read < length:
            found = np.int64(tokens[begin + read])
            if found != left or read + 1 == length or tokens[begin + read + 1] != right:
                tokens[begin + written] = found
                read, written = read + 1, written + 1
                continue
            if written > 0:
                before = np.int64(tokens[begin + written - 1]) << 32
                changes[size, 0], changes[size, 1], changes[size, 2] = before | left + 1, -1, word
                changes[size + 1, 0], changes[size + 1, 1], changes[size + 1, 2] = before | token + 1, 1, word
                size += 2
            read += 2
            if read < length:
                after = np.int64(tokens[begin + read]) + 1
                changes[size, 0], changes[size, 1], changes[size, 2] = right << 32 | after, -1, word
                changes[size + 1, 0], changes[size + 1, 1], changes[size + 1, 2] = token << 32 | after, 1, word
                size += 2
            tokens[begin + written] = token
            written += 1
        lengths[word] = written
        following = lists[words, 1]
        lists[words, 1] = sizes[_FREE]
        sizes[_FREE] = words
        words = following
    sizes[_CHANGES] = size
    return changes


@njit(cache=True)
def _apply(changes, counts, places, pairs, lists, round_pairs, sizes):
    """Count changes, and note the words in which a pair came up, in a new round; returns what may have grown."""
    sizes[_ROUND] = 0
    for change in range(sizes[_CHANGES]):
        if 2*(sizes[_PAIRS] + 1) > len(places):
            places = _twice(places)
        key, word = uint64(changes[change, 0]), changes[change, 2]
        mask = len(places) - 1
        slot = np.int64(mix(key)) & mask
        while places[slot, 0] != key and places[slot, 0] != 0:
            slot = (slot + 1) & mask
        if places[slot, 0] == 0:
            number = sizes[_PAIRS]
            if number == len(pairs):
                pairs = _room(pairs, number, 1)
            pairs[number, _KEY], pairs[number, _COUNT], pairs[number, _WORDS] = changes[change, 0], 0, _END
            places[slot, 0], places[slot, 1] = key, number
            sizes[_PAIRS] += 1
        number = np.int64(places[slot, 1])
        pairs[number, _COUNT] += changes[change, 1]*counts[word]
        if changes[change, 1] < 0 or (pairs[number, _WORDS] != _END and pairs[number, _LATEST] == word):
            continue
        if pairs[number, _WORDS] == _END:
            if sizes[_ROUND] == len(round_pairs):
                longer = np.empty(2*len(round_pairs), np.int64)
                longer[:len(round_pairs)] = round_pairs
                round_pairs = longer
            round_pairs[sizes[_ROUND]] = number
            sizes[_ROUND] += 1
        entry = sizes[_FREE]
        if entry != _END:
            sizes[_FREE] = lists[entry, 1]
        else:
            entry = sizes[_LISTS]
            if entry == len(lists):
                lists = _room(lists, entry, 1)
            sizes[_LISTS] += 1
        lists[entry, 0], lists[entry, 1] = word, pairs[number, _WORDS]
        pairs[number, _WORDS], pairs[number, _LATEST] = entry, word
    return places, pairs, lists, round_pairs


@njit(cache=True)
def _twice(places):
    """The places of pairs with twice as many slots."""
    more = np.zeros((2*len(places), 2), np.uint64)
    mask = len(more) - 1
    for old in range(len(places)):
        if places[old, 0] != 0:
            slot = np.int64(mix(places[old, 0])) & mask
            while more[slot, 0] != 0:
                slot = (slot + 1) & mask
            more[slot, 0], more[slot, 1] = places[old, 0], places[old, 1]
    return more


@njit(cache=True)
def _enqueue(queue, rare, pairs, round_pairs, least, sizes):
    """Queue the pairs of a round with their words; those that come less than `least` times are set aside."""
    for index in range(sizes[_ROUND]):
        number = round_pairs[index]
        key, count, words = pairs[number, _KEY], pairs[number, _COUNT], pairs[number, _WORDS]
        pairs[number, _WORDS] = _END
        if count <= 0:
            continue
        if count >= least:
            queue = _put(queue, count, key, number, words, sizes)
        else:
            rare = _set_aside(rare, count, key, number, words, sizes)
    return queue, rare


@njit(cache=True)
def _set_aside(rare, count, key, number, words, sizes):
    """Put a pair behind those that come too seldom."""
    rare = _room(rare, sizes[_RARE], 1)
    row = sizes[_RARE]
    rare[row, 0], rare[row, 1], rare[row, _NUMBER], rare[row, _LIST] = count, key, number, words
    sizes[_RARE] += 1
    return rare


@njit(cache=True)
def _heap(rare, sizes):
    """A queue of what was set aside."""
    queue = np.empty((sizes[_RARE] + 1, 4), np.int64)
    for row in range(sizes[_RARE]):
        queue = _put(queue, rare[row, 0], rare[row, 1], rare[row, _NUMBER], rare[row, _LIST], sizes)
    return queue


@njit(cache=True)
def _put(queue, count, key, number, words, sizes):
    """Put a pair into the queue."""
    place = sizes[_QUEUE]
    if place == len(queue):
        queue = _room(queue, place, 1)
    while place > 0:
        parent = (place - 1) >> 1
        if queue[parent, 0] > count or (queue[parent, 0] == count and queue[parent, 1] <= key):
            break
        queue[place] = queue[parent]
        place = parent
    queue[place, 0], queue[place, 1], queue[place, _NUMBER], queue[place, _LIST] = count, key, number, words
    sizes[_QUEUE] += 1
    return queue


@njit(cache=True)
def _take_first(queue, size):
    """Take the first pair out of the queue, so that `size` are left."""
    count, key, number, words = queue[size, 0], queue[size, 1], queue[size, _NUMBER], queue[size, _LIST]
    place = 0
    while 2*place + 1 < size:
        child = 2*place + 1
        if child + 1 < size and (
                queue[child + 1, 0] > queue[child, 0]
                or (queue[child + 1, 0] == queue[child, 0] and queue[child + 1, 1] < queue[child, 1])):
            child += 1
        if count > queue[child, 0] or (count == queue[child, 0] and key <= queue[child, 1]):
            break
        queue[place] = queue[child]
        place = child
    queue[place, 0], queue[place, 1], queue[place, _NUMBER], queue[place, _LIST] = count, key, number, words
