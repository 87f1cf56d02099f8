import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation import resources
from maslin.curation.text.batch import Batch
from maslin.curation.text.language import lid176
from tests.curation.documents import documents
from tests.curation.models import needs_model
from tests.shared_data import golden

pytestmark = needs_model("lid176")


@pytest.fixture(scope="module")
def models():
    """fastText's own reader of the model, and ours."""
    fasttext = pytest.importorskip("fasttext")
    path = resources.path("lid176")
    return fasttext.load_model(str(path)), lid176.load(path)


def agree(models, texts: list[str]) -> None:
    reference, ours = models
    # A list, since predict on a single text fails under numpy 2 in most builds of fastText.
    labels, probabilities = reference.predict([text.replace("\n", " ") for text in texts])
    batch = Batch(documents(texts))
    found, score = ours.identify(batch.data, batch.offsets)
    assert found == [label[0].removeprefix("__label__") for label in labels]
    assert np.array_equal(score, np.array([probability[0] for probability in probabilities], np.float32))


PIECES = st.one_of(
    st.sampled_from([
        "the ", "de ", "привет ", "漢字", "ไทย", " </s> ", "</s>", "__label__en", " __label__zz ", "<", ">", " ", "\n",
        "\t", "\0", "\x0b", "\r", "\x1c", "\x85", "\xa0", "\u2028", "x" * 40,
    ]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(PIECES, max_size=12).map("".join), min_size=1, max_size=5))
def test_equal_to_fasttext_to_the_bit(models, texts):
    agree(models, texts)


@pytest.mark.slow
def test_words_met_again_are_told_apart(models):
    """Of as many bytes as a key holds and one more, alike but for one; and more rows than are added at once."""
    words = ["abcdefg", "abcdefh", "abcdefgh", "abcdefgi", "bbcdefgh", "приветы", "привет", "a", "aa"]
    agree(models, [" ".join(words * 3), " ".join(words[::-1] * 900), " ".join(words)])


def test_equal_to_fasttext_on_real_documents(models):
    agree(models, [record["text"] for record in golden("documents")])


def test_another_model_is_refused(tmp_path):
    other = tmp_path / "other.ftz"
    other.write_bytes(bytes(200))
    with pytest.raises(ValueError, match="lid"):
        lid176.load(other)
