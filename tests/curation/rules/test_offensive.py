import hashlib
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.rules import offensive
from maslin.curation.text.batch import KEEP, Batch, Decision
from maslin.manifests.steps.c4 import Offensive
from tests.curation.documents import documents
from tests.shared_data import golden


def judge(texts: list[str], languages: list[str | None], **parameters) -> Decision:
    return offensive.judge(Batch(documents(texts, language=languages)), Offensive(**parameters))


@pytest.mark.parametrize(("text", "language", "found"), [
    ("a BUTT, he said", "en", "butt"),
    ("butt", None, "butt"),
    ("a button", "en", None),
    ("foo_butt", "en", None),
    ("foo-butt", "en-GB", "butt"),
    ("a butt", "de", None),
    ("anything", "xx", None),
    ("これはフックです", "ja", "フック"),
    ("", "en", None),
])
def test_words(text, language, found):
    assert judge([text], [language]).detail.get(0) == found


def test_the_list_of_c4_is_the_latest_without_later_additions():
    assert len(offensive.words("en", "c4")) == 377 and len(offensive.words("en", "latest")) == 403
    assert set(offensive.words("en", "c4")) < set(offensive.words("en", "latest"))
    word = (set(offensive.words("en", "latest")) - set(offensive.words("en", "c4"))).pop()
    assert judge([word], ["en"]).cause[0] == KEEP != judge([word], ["en"], list="latest").cause[0]


def test_a_fraction_is_drawn_by_the_url():
    urls = [f"https://example.org/{number}" for number in range(400)]
    texts = ["a butt"] * 200 + ["a button"] * 200

    def kept(fraction):
        batch = Batch(documents(texts, url=urls))
        decision = offensive.judge(batch, Offensive(filter_fraction=fraction))
        assert set(decision.detail) == set(np.flatnonzero(decision.cause != KEEP))
        return decision.cause == KEEP

    assert kept(1.0).sum() == 200 and kept(0.0).all()
    for row, url in enumerate(urls[:200]):
        digest = int(hashlib.md5(url.removeprefix("https://").encode()).hexdigest(), 16)
        assert kept(0.25)[row] == (digest % 4 >= 1)
    assert 130 < kept(0.25)[:200].sum() < 170 and kept(0.25)[200:].all()


def test_allowed_subwords_and_variants():
    assert "性" not in offensive.words("zh", "c4") and "sm" not in offensive.words("ja", "c4")
    assert len(offensive.words("fr", "c4")) > 91 and len(offensive.languages()) == 27


PARTS = st.sampled_from([
    "butt", "BUTT", "xx", "xxx", "ball gag", "ball", "🖕", "fuck", "s&m", "é", "É", "İ", "ß", "Σ", "ς", " ", "-", "_",
    ".", "\n", "²", "漢", "a", "1", "ass", "asshole", "g", "пизда", "ПИЗДА", "フック", "sm", "Ⓐ", "\u0301",
])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(PARTS, max_size=9).map("".join), max_size=3), st.sampled_from(["en", "ru", "ja", "tr", "fr"]))
def test_the_trie_answers_as_the_regular_expression(texts, language):
    either = "|".join(map(re.escape, offensive.words(language, "c4")))
    pattern = f"({either})" if language in offensive.UNBOUNDED else rf"(?:\W|^)({either})(?:\W|$)"
    decision = judge(texts, [language] * len(texts))
    for row, text in enumerate(texts):
        match = re.search(pattern, text.lower())
        assert decision.detail.get(row) == (match and match[1])
        assert (decision.cause[row] == KEEP) == (match is None)


@pytest.mark.parametrize("field", ["badwords_en", "badwords_lang"])
def test_decides_as_datatrove_on_every_golden_record(field):
    texts = {record["id"]: record["text"] for record in golden("documents")}
    records = [record for record in golden("c4_datatrove") if record.get(field)]
    assert len(records) > 100
    decision = judge(
        [texts[record["id"]] for record in records], [record[field].get("lang", "en") for record in records])
    assert (decision.cause == KEEP).tolist() == [record[field]["keep"] for record in records]


@pytest.mark.parametrize("field", ["badwords_en", "badwords_en_after_clean", "badwords_lang"])
def test_agrees_with_tfds_on_every_golden_record(field):
    texts = {record["id"]: record["text"] for record in golden("documents")}
    records = [record for record in golden("c4_tfds") if record.get(field)]
    if field == "badwords_en_after_clean":
        texts = {record["id"]: record["clean_page"].get("text") for record in records}
    decision = judge(
        [texts[record["id"]] for record in records], [record[field].get("lang", "en") for record in records]
    )
    for row, record in enumerate(records):
        assert (decision.cause[row] == KEEP) == record[field]["keep"], record["id"]
        assert decision.detail.get(row) == record[field]["match"], record["id"]
