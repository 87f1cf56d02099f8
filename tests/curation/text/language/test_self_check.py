"""What set-up proves: our reader of lid.176 beside fastText itself."""

import sys

import pytest

from maslin.curation.text.language import lid176
from maslin.curation.text.language.self_check import check_lid176
from maslin.manifests.errors import MaslinError, UsageError
from tests.curation.models import needs_model

pytestmark = needs_model("lid176")


def test_our_reader_answers_as_fasttext():
    assert "as fastText itself" in check_lid176()


@pytest.mark.parametrize("wrong", [lambda found, scores: (["xx", *found[1:]], scores),
                                   lambda found, scores: (found, scores * 0.99)])
def test_a_reader_that_errs_is_told(monkeypatch, wrong):
    right = lid176.Model.identify
    monkeypatch.setattr(lid176.Model, "identify", lambda *given: wrong(*right(*given)))
    with pytest.raises(MaslinError, match=r"fastText says en .* of «All human beings"):
        check_lid176()


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "fasttext", None)
    with pytest.raises(UsageError, match="pip install 'fasttext-community"):
        check_lid176()
