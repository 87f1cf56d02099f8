"""Lower case by characters is that of Python, and texts where a character does not suffice are Python's."""

import pyarrow as pa
import pytest

from maslin.curation.text.lower_case import LOWER, without_capitals_of_their_own


def test_every_character_of_unicode_is_lowered_as_in_python():
    differing = {chr(code) for code, lower in enumerate(LOWER.tolist()) if chr(code).lower() != chr(lower)}
    assert differing == {"İ", "Σ"}
    assert all(chr(code).lower() == chr(code) for code in range(len(LOWER), 0x110000))


def test_what_is_lower_case_stays():
    assert (LOWER[LOWER] == LOWER).all()


@pytest.mark.parametrize(("text", "after"), [
    ("ΑΣ Σ", "ας σ"), ("İl", "i̇l"), ("A É", "A É"), ("", ""), ("Ï", "Ï"), ("Σ", "σ"), ("aİ", "ai̇"),
])
def test_texts_with_such_capitals_are_lowered_alone(text, after):
    texts = pa.array(["never", "B", text, "C", ""], pa.large_string()).slice(1)
    assert without_capitals_of_their_own(texts).to_pylist() == ["B", after, "C", ""]
