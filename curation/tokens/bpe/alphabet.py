"""The characters by which a tokenizer.json of byte-level BPE writes bytes, as GPT-2 began it."""

from collections.abc import Mapping

_PLAIN = (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))  # bytes that are written as the character itself

BYTE_CHARACTERS = {byte: chr(byte) for byte in _PLAIN} | {
    byte: chr(0x100 + number) for number, byte in enumerate(sorted(set(range(256)) - set(_PLAIN)))}
CHARACTER_BYTES: Mapping[str, int] = {character: byte for byte, character in BYTE_CHARACTERS.items()}
IN_ORDER = bytes(sorted(BYTE_CHARACTERS, key=lambda byte: BYTE_CHARACTERS[byte]))  # of their characters


def written(data: bytes) -> str:
    """Bytes as a tokenizer.json writes them."""
    return data.decode("latin-1").translate(BYTE_CHARACTERS)


def read(token: str) -> bytes | None:
    """The bytes of a token, None for one that is not made of such characters."""
    try:
        return bytes(CHARACTER_BYTES[character] for character in token)
    except KeyError:
        return None
