"""Text of strangers, safe to look at and to open in a spreadsheet."""

import pytest

from maslin.manifests.visible import spreadsheet_cell


@pytest.mark.parametrize("text", [
    "=1+1", "+cmd", "-x", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "-", "=", "--1"])
def test_what_a_spreadsheet_would_take_for_a_formula_gets_a_quote(text):
    assert spreadsheet_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "plain", "1=1", "-3", "+2.5e-3", "-1,000", "-3.5 %", "a\n=1", "'=1"])
def test_other_cells_stay(text):
    assert spreadsheet_cell(text) == text
