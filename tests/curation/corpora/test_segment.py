import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.corpora.segment import build_segment, curate_table, signals_schema
from maslin.manifests.counts import Counts
from maslin.manifests.errors import UsageError
from maslin.manifests.tables import DOCUMENTS, EDITS, LEDGER, read_table, write_table
from maslin.manifests.workspace import Step, Workspace, commit, serial_map
from tests.curation.documents import documents
from tests.curation.models import needs_model
from tests.curation.steps import entry

C4 = entry("c4")
C4_CODE = entry("c4", code="keep")
OFFENSIVE = entry("offensive")
LICENCE = entry("licence")
LANGUAGE = entry("language", min_score=0.5)
NEAR_DEDUP = entry("near_dedup")

N = "The cat sat on the mat."
GOOD = f"menu\n{N}\n{N}\n  {N}"
TEXTS = [GOOD, f"{N}\n{N}", f"{GOOD}\nOh fuck this cat and mat.", f"{GOOD}\nA brace {{ is in this line."]

pytestmark = needs_model("punkt_english")


def ledger(output) -> list[tuple]:
    return [(row["id"], row["step_index"], row["step"], row["rule"]) for row in output.ledger.to_pylist()]


def test_each_document_is_kept_or_in_the_ledger_with_its_reason():
    output = curate_table(documents(TEXTS), [C4, OFFENSIVE], 0, "web")
    assert output.documents["id"].to_pylist() == ["d0"]
    assert output.documents["text"].to_pylist() == [f"{N}\n{N}\n{N}"]
    assert ledger(output) == [
        ("d1", 0, "c4", "too_few_sentences"), ("d3", 0, "c4", "squigglybracket"), ("d2", 1, "offensive", "offensive"),
    ]
    assert output.counts == Counts(
        read=4, kept=1, dropped={"too_few_sentences": 1, "squigglybracket": 1, "offensive": 1},
        edited={"c4": 1}, lines_removed={"no_endmark": 1})
    first, _, last = output.ledger.to_pylist()
    assert (first["value"], first["op"], first["threshold"], first["source"]) == (2, "<", 3, "web")
    assert last["detail"] == "fuck" and last["text_prefix"].startswith(N)  # the text as its own step read it


def test_signals_are_null_where_a_document_had_left():
    output = curate_table(documents(TEXTS), [OFFENSIVE, C4], 0, "web")
    assert output.signals.to_pydict() == {"id": ["d0", "d1", "d2", "d3"], "c4.sentences": [3, 2, None, None]}


def test_a_rule_that_comes_again_has_columns_of_its_own():
    assert signals_schema([C4, NEAR_DEDUP, C4_CODE], 0 + 2).names == ["id", "c4_2.sentences"]


def test_edits_speak_of_every_text_its_step_kept():
    edits = curate_table(documents(TEXTS), [C4, OFFENSIVE], 0, "web").edits.to_pylist()
    assert [(row["id"], row["rule"], row["line_start"], row["line_end"], row["replacement"]) for row in edits] == [
        ("d0", "no_endmark", 0, 1, None), ("d0", "strip", 3, 4, N),
        ("d2", "no_endmark", 0, 1, None), ("d2", "strip", 3, 4, N),
    ]


def test_licences():
    table = documents(["", "", ""], licence=["MIT", "GPL-3.0-only", None])
    assert ledger(curate_table(table, [LICENCE], 0, "code")) == [
        ("d1", 0, "licence", "licence"), ("d2", 0, "licence", "unknown_licence"),
    ]


@needs_model("lid176")
def test_language_fills_the_documents_columns():
    output = curate_table(documents([N, "Das ist ein deutscher Satz und keiner sonst."]), [LANGUAGE], 0, "web")
    assert output.documents["language"].to_pylist() == ["en"]
    assert output.documents["language_score"][0].as_py() == output.signals["language.score"][0].as_py() > 0.5
    assert output.ledger["detail"].to_pylist() == ["de"]


def test_no_documents():
    output = curate_table(documents([]), [LANGUAGE, C4, OFFENSIVE, LICENCE], 0, "web")
    assert output.documents.schema == DOCUMENTS and output.ledger.schema == LEDGER and output.edits.schema == EDITS
    assert output.counts == Counts()


def test_a_barrier_is_no_per_document_step():
    with pytest.raises(UsageError, match="near_dedup"):
        curate_table(documents([N]), [NEAR_DEDUP], 0, "web")


LINES = st.sampled_from([N, "menu", "  " + N, "", "A brace { is in this line.", "Oh fuck this cat and mat.", "Dr. No."])
MANY = st.lists(st.lists(LINES, max_size=5).map("\n".join), max_size=7)


@settings(max_examples=60, deadline=None)
@given(MANY, st.integers(0, 7))
def test_neither_batches_nor_segments_change_the_outcome(texts, cut):
    table = documents(texts)
    whole = curate_table(table, [C4, OFFENSIVE], 0, "web")
    parts = [curate_table(part, [C4, OFFENSIVE], 0, "web") for part in (table.slice(0, cut), table.slice(cut))]
    assert whole.documents == pa.concat_tables([part.documents for part in parts])
    assert whole.signals == pa.concat_tables([part.signals for part in parts])
    assert whole.edits == pa.concat_tables([part.edits for part in parts])
    assert sorted(ledger(whole)) == sorted(ledger(parts[0]) + ledger(parts[1]))
    first = curate_table(table, [C4], 0, "web")
    second = curate_table(first.documents, [C4, OFFENSIVE], 1, "web")
    assert second.documents == whole.documents
    assert ledger(first) + ledger(second) == ledger(whole)


def documents_step(workspace: Workspace, parts: list[pa.Table]) -> Step:
    step = Step("documents", "web", 1, {}, {})
    directory = workspace.path(step)
    files = [write_table(directory, f"documents/part-{i:05d}.parquet", part) for i, part in enumerate(parts)]
    rows = sum(part.num_rows for part in parts)
    commit(directory, step, files, counts=Counts("records", rows, rows))
    return step


def backwards(function, tasks, label="", *, total=None, unit=""):
    return [function(task) for task in reversed(tasks)][::-1]


def test_a_segment_has_a_part_for_each_part_and_the_same_bytes_in_any_order(tmp_path):
    manifests = []
    for name, mapper in (("a", serial_map), ("b", backwards)):
        workspace = Workspace(tmp_path / name)
        before = documents_step(workspace, [documents(TEXTS), documents([]), documents([GOOD])])
        step = Step("segment", "web", 1, {"steps": [C4, OFFENSIVE], "start": 0}, {"documents": before})
        manifests.append(build_segment(step, workspace, mapper))
        after = Step("segment", "web", 1, {"steps": [C4, OFFENSIVE, C4_CODE], "start": 2}, {"documents": before},
                     via={"previous": step})
        assert build_segment(after, workspace, mapper).counted().kept == 2
    assert manifests[0] == manifests[1]
    assert manifests[0].counted().kept == 2 and manifests[0].sizes == {"text_bytes": 2 * 71}
    files = {entry.path: entry.rows for entry in manifests[0].files}
    assert len(files) == 12 and files["survivors/part-00001.parquet"] == 0
    signals = read_table(workspace.path(step) / "signals" / "part-00000.parquet")
    assert signals.num_rows == 4 and np.isnan(signals["c4.sentences"].to_numpy()[3])


def test_a_killed_segment_goes_on_from_the_last_finished_part(tmp_path):
    workspace = Workspace(tmp_path)
    before = documents_step(workspace, [documents(TEXTS), documents([GOOD])])
    step = Step("segment", "web", 1, {"steps": [C4], "start": 0}, {"documents": before})

    def dies(function, tasks, label="", *, total=None, unit=""):
        function(tasks[0])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_segment(step, workspace, dies)
    ran = []

    def counting(function, tasks, label="", *, total=None, unit=""):
        ran.extend(tasks)
        return serial_map(function, tasks)

    assert build_segment(step, workspace, counting).counted().kept == 3
    assert len(ran) == 1
