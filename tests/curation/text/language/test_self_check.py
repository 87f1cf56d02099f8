"""What set-up proves: our reader of lid.176 beside fastText itself."""

import pytest

from maslin.curation.text.language import lid176
from maslin.curation.text.language.self_check import check_lid176
from maslin.manifests.errors import MaslinError
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
