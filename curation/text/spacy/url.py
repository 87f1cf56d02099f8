"""spaCy's URL pattern as a kernel: `lang/tokenizer_exceptions.py`, after Diego Perini's (MIT licence)."""

from maslin.curation.text.spacy.tables import DECIMAL, LOWER, WORD, class_of
from maslin.curation.text.utf8 import read_character
from maslin.manifests.kernels.kernel import njit


@njit(cache=True)
def is_url(data, start, end):
    """Whether data[start:end], without white space, is a URL or an address with a domain: [scheme://][user@]host…"""
    dotted = False
    for position in range(start, end):
        if data[position] == 0x2E:
            dotted = True
            break
    if not dotted:
        return False
    if _is_host(data, start, end):
        return True
    scheme = _scheme_end(data, start, end)
    if scheme > start and _is_host(data, scheme, end):
        return True
    found = False
    for position in range(start + 1, end - 1):  # user and password may be anything before an @
        found = found or (data[position] == 0x40 and _is_host(data, position + 1, end))
    return found


@njit(cache=True)
def _scheme_end(data, start, end):
    """Where what follows `scheme://` begins; `start` when there is no scheme."""
    position, characters = start, 0
    while position < end:
        byte = data[position]
        if byte == 0x3A:
            slashes = position + 2 < end and data[position + 1] == 0x2F and data[position + 2] == 0x2F
            return position + 3 if slashes and characters >= 2 else start
        character, length = read_character(data, position)
        if not (class_of(character) & WORD or byte == 0x2B or byte == 0x2D or byte == 0x2E):
            return start
        characters += 1
        position += length
    return start


@njit(cache=True)
def _is_host(data, start, end):
    """Whether data[start:end] is a host, then maybe a port, then maybe a path."""
    return _is_domain(data, start, end) or _is_public_address(data, start, end)


@njit(cache=True)
def _is_domain(data, start, end):
    """Labels with a full stop each, then two to 63 lower-case letters, then maybe a port and a path."""
    position, labels = start, 0
    while position < end:
        if labels and _is_top_level(data, position, end):
            return True
        characters, last, begin = 0, 0, position
        while position < end and data[position] != 0x2E:
            character, length = read_character(data, position)
            plain = _is_label_character(character)
            if not plain and (characters == 0 or (character != 0x2D and character != 0x5F)):
                return False
            characters += 1
            if characters > 64:
                return False
            last = 1 if plain else 0
            position += length
        if position >= end or position == begin or not last:
            return False
        position += 1
        labels += 1
    return False


@njit(cache=True)
def _is_label_character(character):
    return (
        0x30 <= character <= 0x39 or 0x41 <= character <= 0x5A or 0x61 <= character <= 0x7A
        or 0xA1 <= character <= 0xFFFF
    )


@njit(cache=True)
def _is_top_level(data, position, end):
    characters = 0
    while position < end:
        character, length = read_character(data, position)
        if not class_of(character) & LOWER:
            break
        characters += 1
        position += length
    return 2 <= characters <= 63 and _is_port_and_path(data, position, end)


@njit(cache=True)
def _is_port_and_path(data, position, end):
    if position < end and data[position] == 0x3A:
        digits = 0
        position += 1
        while position < end:
            character, length = read_character(data, position)
            if not class_of(character) & DECIMAL:
                break
            digits += 1
            position += length
        if not 2 <= digits <= 5:
            return False
    return position == end or data[position] == 0x2F or data[position] == 0x3F or data[position] == 0x23


@njit(cache=True)
def _is_public_address(data, start, end):
    """A dotted IPv4 address outside the private networks: four numbers, the first 1-223, the last 1-254."""
    position = start
    first = second = 0
    for index in range(4):
        value, digits, leading_zero = 0, 0, False
        while position < end and 0x30 <= data[position] <= 0x39 and digits < 4:
            if digits == 0:
                leading_zero = data[position] == 0x30
            value = value * 10 + data[position] - 0x30
            digits += 1
            position += 1
        if digits == 0 or digits > 3:
            return False
        if index == 0:
            if leading_zero or not 1 <= value <= 223:
                return False
            first = value
        elif index == 3:
            if leading_zero or not 1 <= value <= 254:
                return False
        else:
            if value > 255 or (digits == 3 and leading_zero):
                return False
            if index == 1:
                second = value
        if index < 3:
            if position >= end or data[position] != 0x2E:
                return False
            position += 1
    if first == 10 or first == 127 or (first == 169 and second == 254) or (first == 192 and second == 168):
        return False
    return not (first == 172 and 16 <= second <= 31) and _is_port_and_path(data, position, end)
