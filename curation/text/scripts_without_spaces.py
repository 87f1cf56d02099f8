"""Scripts that put no spaces between words, for kernels: which characters are theirs, and how they are cut into words.

There a word is a character. Where one stands, what lies between two white spaces is cut: each letter, mark and digit of
such a script, and each sign from their blocks, is a word; what is between them (Latin words, numbers, ASCII
punctuation) stays together as it is. Half- and full-width forms count as the ordinary ones, kana with a voicing mark as
the kana that has it, and what shows nothing (variation selectors, zero-width spaces) is left out.
"""

import unicodedata

import numpy as np

from maslin.curation.text.lower_case import LOWER
from maslin.curation.text.utf8 import ASSIGNED, read_character, write_character
from maslin.manifests.kernels.kernel import njit
from maslin.manifests.kernels.tables import kept

LETTER, SIGN, INVISIBLE = 1, 2, 3  # in CLASSES: LETTER has what is around it cut, SIGN is a word where that is done

# Blocks of scripts without spaces between words. Korean has them, and is none.
_BLOCKS = (
    (0x0E00, 0x0FFF),  # Thai, Lao, Tibetan
    (0x1000, 0x109F), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19DF), (0x1A20, 0x1AAF), (0xAA80, 0xAADF), (0x11700, 0x1174F),  # Tai Le, New Tai Lue, Tham, Viet, Ahom
    (0x1B00, 0x1B7F), (0xA980, 0xA9DF), (0x1BC0, 0x1BFF),  # Balinese, Javanese, Batak
    (0x2E80, 0x312F), (0x3190, 0x319F), (0x31A0, 0x4DBF), (0x4E00, 0x9FFF),  # Han, kana, bopomofo and their punctuation
    (0xF900, 0xFAFF), (0xFE30, 0xFE4F), (0xFF00, 0xFF9F), (0x1AFF0, 0x1B16F), (0x20000, ASSIGNED - 1),
    (0xA000, 0xA4CF), (0x16FE0, 0x18D8F), (0x1B170, 0x1B2FF),  # Yi, Tangut, Khitan, Nüshu
)
_INVISIBLE = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F),
    (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
)
_BEYOND = 0xE0000  # where further variation selectors lie, and nothing that shows
_WIDTHS, _KANA = 0xFF00, 0x3000
VOICED, SEMI_VOICED = 0x3099, 0x309A


def _classes() -> np.ndarray:
    classes = np.zeros(ASSIGNED, np.uint8)
    for first, last in _BLOCKS:
        letters = [unicodedata.category(chr(code))[0] in "LMN" for code in range(first, last + 1)]
        classes[first:last + 1] = np.where(letters, LETTER, SIGN)
    classes[_WIDTHS:0xFF5F] = SIGN  # Latin in full width
    for first, last in _INVISIBLE:
        classes[first:last + 1] = INVISIBLE
    return classes


CLASSES = kept(__name__, "classes", _classes)  # uint8 (ASSIGNED) by code point
NONE = np.zeros(ASSIGNED, np.uint8)  # in the place of CLASSES: no script is cut


def _ordinary_widths() -> np.ndarray:
    """uint32 (256): the ordinary form of each character from U+FF00."""
    forms = [unicodedata.normalize("NFKC", chr(code)) for code in range(_WIDTHS, _WIDTHS + 256)]
    return np.array([
        ord(form) if len(form) == 1 else _WIDTHS + at for at, form in enumerate(forms)], np.uint32)


def _voiced_kana() -> np.ndarray:
    """uint32 (256, 2): each kana from U+3000 with the voicing mark, and with the half-voicing one; 0: there is none."""
    found = np.zeros((256, 2), np.uint32)
    for at in range(256):
        for mark in (VOICED, SEMI_VOICED):
            joined = unicodedata.normalize("NFC", chr(_KANA + at) + chr(mark))
            found[at, mark - VOICED] = ord(joined) if len(joined) == 1 else 0
    return found


ORDINARY_WIDTHS = _ordinary_widths()
VOICED_KANA = _voiced_kana()


@njit(cache=True)
def cut_words(classes, data, start, end, joined, starts, word):
    """Cut data[start:end], which holds such a letter; write its words, lower-cased, to `joined` from `starts[word]` on.

    Between two words is a space, and none behind the last. Words from number `word` on are entered in `starts`.
    Returns the bytes of `joined` used and the number of the word after the last.
    """
    begin = used = starts[word]
    before, inside = np.int64(0), False
    while start < end:
        character, length = read_character(data, start)
        start += length
        if character < len(LOWER):
            character = np.int64(LOWER[character])
        if _WIDTHS <= character < _WIDTHS + 256:
            character = np.int64(ORDINARY_WIDTHS[character - _WIDTHS])
        kind = classes[character] if character < len(classes) else 0
        if kind == INVISIBLE or character >= _BEYOND:
            continue
        if VOICED <= character <= SEMI_VOICED and _KANA <= before < _KANA + 256:
            voiced = np.int64(VOICED_KANA[before - _KANA, character - VOICED])
            if voiced:
                used = write_character(joined, used - 3, voiced)
                before = np.int64(0)
                continue
        if kind or not inside:
            if used > begin:
                joined[used] = 0x20
                used += 1
            starts[word] = used
            word += 1
        used = write_character(joined, used, character)
        before, inside = character, kind == 0
    return used, word
