import numpy as np
import pyarrow as pa

from maslin.curation.text.batch import Batch, excerpt
from tests.curation.documents import documents


def test_bytes_and_texts_of_a_slice_agree():
    batch = Batch(documents(["aé", "", "漢\0", "end"]).slice(1, 2))
    data, offsets = batch.data, batch.offsets
    found = [data[offsets[i] : offsets[i + 1]].tobytes().decode() for i in range(len(batch))]
    assert found == batch.texts == ["", "漢\0"]


def test_null_text_is_empty():
    assert Batch(documents([None])).texts == [""]


def test_an_empty_batch_has_no_bytes():
    batch = Batch(documents([]))
    assert len(batch.data) == 0 and batch.offsets.tolist() == [0]


def test_a_new_text_starts_a_new_analysis_and_another_column_does_not():
    batch = Batch(documents(["one", "two"]))
    assert batch.texts == ["one", "two"]
    assert batch.with_columns({"language": pa.array(["en", "de"])}).texts is batch.texts
    assert batch.with_columns({"text": pa.array(["1", "2"])}).texts == ["1", "2"]


def test_take_keeps_rows_in_order():
    assert Batch(documents(["a", "b", "c"])).take(np.array([0, 2])).texts == ["a", "c"]


def test_an_analysis_of_rows_is_made_when_it_is_asked_for():
    class Rows:
        def __init__(self, rows: list[int]) -> None:
            self.rows = rows

        def take(self, rows: np.ndarray) -> "Rows":
            taken.append(rows.tolist())
            return Rows([self.rows[row] for row in rows])

    taken: list[list[int]] = []
    batch = Batch(documents(["a", "b", "c", "d"]))
    batch.analysis("rows", lambda: Rows([0, 1, 2, 3]))
    some = batch.take(np.array([0, 2, 3])).take(np.array([1, 2]))
    assert taken == []
    assert some.analysis("rows", lambda: Rows([])).rows == [2, 3]
    assert some.analysis("rows", lambda: Rows([])).rows == [2, 3] and len(taken) == 2


def test_prefix_never_shows_a_cut_character():
    assert Batch(documents(["a" + "𝄞" * 9])).prefix(0, 3) == "a𝄞𝄞"


def test_excerpt_shows_what_it_is_about():
    assert "{" in excerpt("a" * 500 + "{" + "b" * 500, 500)
