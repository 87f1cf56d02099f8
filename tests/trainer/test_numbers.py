"""Numbers as people read them."""

import pytest

from maslin.trainer.numbers import decimal, integer, p_value, percent, signed, size


@pytest.mark.parametrize("made, text", [
    (integer(1234567), "1\u202f234\u202f567"), (integer(None), "–"), (decimal(-0.5, 2), "−0.50"),
    (signed(0.25), "+0.2500"), (percent(0.123), "12.3\u202f%"), (p_value(0.00001), "< 0.0001"),
    (p_value(0.0312), "0.031"), (size(999), "999 B"), (size(1_234_567), "1.23 MB"), (size(None), "–"),
])
def test_how_numbers_are_written(made, text):
    assert made == text
