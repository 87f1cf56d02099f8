"""A deduplication that takes more than the recipe allows ends with exit 3, and nothing is made of what it leaves."""

import json

import pytest

from maslin.manifests.files import read_json
from tests.flows.test_bad_data import curate

pytestmark = pytest.mark.slow


def texts(folder, same, different):
    rows = ["the same text"] * same + [f"text number {number}" for number in range(different)]
    (folder / "a.jsonl").write_text("".join(
        json.dumps({"text": text, "url": f"http://a.test/{number}"}) + "\n" for number, text in enumerate(rows)))


def recipe(limits):
    return ("name: n\nsources: {s: {kind: jsonl, paths: [a.jsonl]}}\ncorpora: {c: {from: s, steps: [exact_dedup]}}\n"
            + f"dedup: {limits}\n" * bool(limits))


@pytest.mark.parametrize(("same", "different", "limits", "said"), [
    (93, 7, "", "exact_dedup of s would remove 92 of 100 documents (92.0%), more than most_removed 0.9 allows"),
    (91, 9, "", None),
    (91, 9, "{most_removed: 0.8}", "more than most_removed 0.8 allows"),
    (93, 7, "{most_removed: 0.92}", None),
    (1001, 1000, "", "all but one of 1,001 documents that it takes for the same, 50.0% of 2,001, more than"),
    (1000, 1001, "", None),  # never too large, whatever its share
    (1001, 1000, "{largest_cluster: 0.51}", None),
])
def test_more_than_the_recipe_allows(tmp_path, capsys, same, different, limits, said):
    texts(tmp_path, same, different)
    code, message = curate(tmp_path, recipe(limits), capsys)
    corpora = list(tmp_path.glob("ws/corpus/*@*"))
    if said is None:
        assert code == 0 and len(corpora) == 1, message
    else:
        assert code == 3 and said in message and "Traceback" not in message and corpora == []


def test_what_it_names_can_be_looked_at_and_allowed(tmp_path, capsys):
    texts(tmp_path, 96, 4)
    code, message = curate(tmp_path, recipe(""), capsys)
    assert code == 3 and "so nothing is made of it. Most: 95 for " in message and "such as 'the same text'" in message
    again, the_same = curate(tmp_path, recipe(""), capsys)  # the ledger is there now, and still doubted
    assert again == 3 and message.endswith(the_same.partition("\n")[2]) and "1 steps to build" in the_same
    (ledger,) = tmp_path.glob("ws/dedup/*@*")
    assert str(ledger) in message and read_json(ledger / "manifest.json")["counts"]["dropped"] == {"exact_dedup": 95}
    made = (ledger / "measured.json").read_bytes()
    allowed = message.partition("; `dedup: ")[2].partition("` in the recipe")[0]
    assert allowed == "{most_removed: 0.951}"
    assert curate(tmp_path, recipe(allowed), capsys)[0] == 0
    assert (ledger / "measured.json").read_bytes() == made  # gone on with, not made again


def test_a_corpus_that_was_allowed_is_not_touched_by_narrower_limits(tmp_path, capsys):
    texts(tmp_path, 8, 2)
    assert curate(tmp_path, recipe(""), capsys)[0] == 0
    before = {path: path.read_bytes() for path in tmp_path.glob("ws/corpus/**/*") if path.is_file()}
    code, message = curate(tmp_path, recipe("{most_removed: 0.5}"), capsys)
    assert code == 3 and "more than most_removed 0.5 allows" in message
    assert before == {path: path.read_bytes() for path in tmp_path.glob("ws/corpus/**/*") if path.is_file()}


def test_a_limit_is_a_share(tmp_path, capsys):
    texts(tmp_path, 96, 4)
    code, message = curate(tmp_path, recipe("{most_removed: 1.5}"), capsys)
    assert code == 2 and "dedup.most_removed: 1.5 is too large" in message
