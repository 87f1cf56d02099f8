"""What a segment writes gives back, to the byte, the documents that it left."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as hs

from maslin.curation.corpora.segment import build_segment, curate_table
from maslin.curation.stages import iter_rows, surviving
from maslin.curation.survivors import Changes, survivors_table, to_rows
from maslin.manifests.counts import Counts
from maslin.manifests.tables import DOCUMENTS, EDITED_BIT, read_table, write_table
from maslin.manifests.workspace import Step, Workspace, commit, serial_map
from tests.curation.steps import entry

SENTENCE = "The cat sat on the mat and it was warm there."
LINES = hs.sampled_from([SENTENCE, "menu", f"  {SENTENCE}", "", "Dr. No.", "Oh fuck this cat and mat.", "a { b."])
ENDS = hs.sampled_from(["\n", "\n", "\n", "\n\n\n\n", "\r\n", "\u2028"])
TEXT = hs.none() | hs.lists(hs.tuples(LINES, ENDS).map("".join), max_size=6).map("".join)
STEPS = [entry("c4", min_sentences=1), entry("newline_removal"), entry("offensive")]
TEXT_BIT = 1 << DOCUMENTS.get_field_index("text")


def documents(texts):
    return pa.Table.from_pylist(
        [{"id": f"d{row}", "text": text, "source": "web", "notes": ["charset_differs"]}
         for row, text in enumerate(texts)], schema=DOCUMENTS)


def there_and_back(folder, rows, met, after, edits):
    """SURVIVORS of what a segment left, and what it gives with the rows it is of."""
    by_line = to_rows(edits, met["id"], rows)
    made = survivors_table(rows, met, after, by_line)
    for name, table in (("survivors", made), ("edits", by_line)):
        write_table(folder, f"{name}.parquet", table)
    return made, *Changes(folder / "survivors.parquet", folder / "edits.parquet", None).apply(rows, met)


@settings(max_examples=80, deadline=None)
@given(hs.lists(TEXT, max_size=8), hs.lists(hs.booleans(), min_size=8, max_size=8), hs.integers(1, 3))
def test_changes_applied_give_what_the_segment_left(tmp_path_factory, texts, here, number):
    whole = documents(texts)
    rows = np.flatnonzero(here[:len(texts)])
    met = whole.take(pa.array(rows))
    output = curate_table(met, STEPS[:number], 0, "web")
    _, kept, left = there_and_back(tmp_path_factory.mktemp("t"), rows, met, output.documents, output.edits)
    assert left.equals(output.documents)
    assert whole["id"].take(pa.array(kept)).to_pylist() == output.documents["id"].to_pylist()


def test_a_text_that_is_only_cut_is_not_written_again(tmp_path):
    met = documents([f"{SENTENCE}\nmenu\n{SENTENCE}", f"menu\r\n{SENTENCE}\r\n{SENTENCE}", SENTENCE])
    output = curate_table(met, STEPS[:1], 0, "web")
    changes, *_ = there_and_back(tmp_path, np.arange(3), met, output.documents, output.edits)
    assert changes["changed"].to_pylist() == [EDITED_BIT, EDITED_BIT, 0]
    assert all(changes[name].null_count == 3 for name in DOCUMENTS.names)


def test_a_text_that_no_edit_explains_stands_in_full(tmp_path):
    met = documents([f"{SENTENCE}\r\n{SENTENCE}"])
    output = curate_table(met, STEPS[:1], 0, "web")
    changes, *_ = there_and_back(tmp_path, np.arange(1), met, output.documents, output.edits)
    assert changes["changed"].to_pylist() == [TEXT_BIT] and changes["text"].to_pylist() == [f"{SENTENCE}\n{SENTENCE}"]


def test_columns_of_any_type_come_back(tmp_path):
    met = documents(["a", "b", "c"])
    after = met.set_column(5, DOCUMENTS.field("date"), pa.array(["2020", None, None])).set_column(
        10, DOCUMENTS.field("notes"), pa.array([["x"], None, ["charset_differs"]], DOCUMENTS.field("notes").type))
    left = after.slice(1).combine_chunks()
    assert there_and_back(tmp_path, np.arange(3), met, left, curate_table(met, [], 0, "web").edits)[2].equals(left)


@pytest.mark.parametrize("cuts", [[1, 2, 3], [3], [2, 3]])
def test_segments_after_segments_read_what_they_would_have_written(tmp_path, cuts):
    texts = [f"{SENTENCE}\nmenu\n\n\n\n{SENTENCE} {k}." if k % 3 else "short" for k in range(3000)]
    workspace, whole = Workspace(tmp_path), documents(texts)
    before = Step("documents", "web", 1, {})
    directory = workspace.path(before)
    commit(directory, before, [write_table(directory, "documents/part-00000.parquet", whole)],
           counts=Counts("records", len(texts), len(texts)))
    last, start = before, 0
    for end in cuts:
        via = {} if last is before else {"previous": last}
        last = Step("segment", "web", 1, {"steps": STEPS[:end], "start": start}, {"documents": before}, via)
        build_segment(last, workspace, serial_map)
        start = end
    (shard,) = surviving(last, workspace)
    found = pa.concat_tables(table for _, table in iter_rows(shard))
    assert found.equals(curate_table(whole, STEPS, 0, "web").documents)
    rows = np.concatenate([rows for rows, _ in iter_rows(shard, ["id"])])
    assert whole["id"].take(pa.array(rows)).equals(found["id"])
    assert pc.sum(pc.is_valid(read_table(workspace.path(last) / "survivors/part-00000.parquet")["text"])).as_py() == 0
