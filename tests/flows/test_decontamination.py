"""A recipe that names evaluation sets: what leaves and for which item, what is told of it, and bad sets before work."""

import json

import pytest

from maslin.flows.cli import main
from maslin.manifests.files import read_json
from maslin.manifests.tables import read_table
from tests.flows.test_bad_data import curate, manifest

pytestmark = pytest.mark.slow

ITEM = "Which gas do most of the living plants in a forest take in from the air while the sun shines on their leaves?"
SHORT = "Where does the copper kettle stand tonight?"
RECIPE = """name: n
sources: {s: {kind: jsonl, paths: [a.jsonl]}}
evaluation_sets: {quiz: {paths: quiz.jsonl}, other: {paths: other.json, fields: [ask]}}
"""


@pytest.fixture
def folder(tmp_path):
    filler = "There is a good deal more to say of the weather in the valley, and somebody will say it. "
    wrapped = "\n".join(" ".join(ITEM.upper().split()[at:at + 8]) for at in range(0, 24, 8))
    texts = [f"{filler}{wrapped} {filler}", f"{filler}{SHORT} {ITEM}", filler, f"{filler}A copper kettle stands here."]
    (tmp_path / "a.jsonl").write_text("".join(
        json.dumps({"text": text, "url": f"http://a.test/{number}"}) + "\n" for number, text in enumerate(texts)))
    (tmp_path / "quiz.jsonl").write_text("".join(
        json.dumps({"id": f"q/{number}", "question": text, "answer": "none"}) + "\n"
        for number, text in enumerate([ITEM, "Nobody asks what nobody ever would have wanted to know.", "Why?"])))
    (tmp_path / "other.json").write_text(json.dumps([{"ask": SHORT}]))
    return tmp_path


def table(folder, path):
    (found,) = folder.glob(f"ws/corpus/*@*/{path}")
    return read_table(found).to_pylist()


def test_what_holds_an_item_leaves_and_all_of_it_is_told(folder, capsys):
    code, message = curate(folder, RECIPE, capsys)
    assert code == 0, message
    assert "evaluation set quiz: 3 items, looked for by question (the fields that hold texts; " in message
    assert "; 1 are not looked for: " in message and "evaluation set other: 1 items, looked for by ask\n" in message
    counts = manifest(folder, "corpus")
    assert counts["counts"]["dropped"] == {"decontamination": 2} and counts["counts"]["kept"] == 2
    first, second = table(folder, "ledger/*")
    assert (first["step"], first["rule"], first["op"], first["threshold"], first["step_index"]) == (
        "decontamination", "decontamination", ">=", 0.5, 2)
    assert first["detail"] == "quiz q/0 question: " + ITEM.lower().rstrip("?") and first["value"] == 1.0
    assert second["detail"].startswith("quiz q/0 question: ")
    held = [(row["set"], row["item"], row["run_words"], row["threshold"]) for row in table(folder, "contamination/*")]
    assert held == [("quiz", "q/0", 23, 0.5), ("quiz", "q/0", 23, 0.5), ("other", "#1", 7, 1.0)]
    assert table(folder, "items_found/*") == [
        {"set": "other", "item": "#1", "documents": 1, "kept": 0},
        {"set": "quiz", "item": "q/0", "documents": 2, "kept": 0}]
    assert counts["summary"]["decontamination"] == {
        "other": {"items": 1, "too_short": 0, "templates": 0, "found": 1, "documents": 1, "standing": 0,
                  "most_found": [{"item": "#1", "documents": 1}]},
        "quiz": {"items": 3, "too_short": 1, "templates": 0, "found": 1, "documents": 2, "standing": 0,
                 "most_found": [{"item": "q/0", "documents": 2}]}}
    explained(folder, capsys)


def explained(folder, capsys):
    assert main(["explain", "http://a.test/1", "--workspace", str(folder / "ws")]) == 0
    told = capsys.readouterr().out
    assert "dropped by decontamination: 1 >= 0.5 (quiz q/0 question: which gas do most" in told
    assert "holds other #1, ask: 100%, 7 words in a row: where does the copper kettle stand tonight" in told
    assert main(["explain", "http://a.test/1", "--workspace", str(folder / "ws"), "--json"]) == 0
    (way,) = json.loads(capsys.readouterr().out)["documents"][0]["ways"]
    assert [(item["set"], item["item"]) for item in way["items"]] == [("quiz", "q/0"), ("other", "#1")]


def test_a_recipe_may_leave_it_or_ask_otherwise_and_another_content_is_another_corpus(folder, capsys):
    def corpora():
        return {path.parent.name: read_json(path)["counts"]["kept"]
                for path in folder.glob("ws/corpus/*@*/manifest.json")}

    plain = RECIPE.partition("evaluation_sets")[0]
    assert curate(folder, plain, capsys)[0] == 0 and set(corpora().values()) == {4}
    assert curate(folder, RECIPE + "decontamination: false\n", capsys)[0] == 0
    assert len(corpora()) == 1  # the very same corpus, and no step of a set
    assert not list(folder.glob("ws/evaluation_set/*"))
    assert curate(folder, RECIPE + "decontamination: {least_words: 8}\n", capsys)[0] == 0
    assert len(corpora()) == 2
    (folder / "quiz.jsonl").write_text(json.dumps({"id": "x", "question": "Nothing that anybody here has ever asked."}))
    assert curate(folder, RECIPE, capsys)[0] == 0
    assert sorted(corpora().values()) == [2, 3, 4]


@pytest.mark.parametrize(("written", "said"), [
    ("quiz.jsonl", "evaluation_sets.quiz.paths: `quiz.jsonl` matches nothing"),
    (None, "evaluation_sets.quiz: quiz.jsonl: no items in it."),
    ("question", "evaluation_sets.quiz: quiz.jsonl, line 2: no field `question` in it; it has q"),
    ('{"question": "cut', "evaluation_sets.quiz: quiz.jsonl, line 1: "),
])
def test_a_bad_set_ends_a_command_before_any_work(folder, capsys, written, said):
    path = folder / "quiz.jsonl"
    recipe = RECIPE.replace("paths: quiz.jsonl", "paths: quiz.jsonl, fields: question")
    if written == "quiz.jsonl":
        path.unlink()
    else:
        path.write_text({None: "", "question": '{"question": "What is it?"}\n{"q": "What?"}\n'}.get(written, written))
    for more in ([], ["--dry-run"]):
        (folder / "r.yaml").write_text(recipe)
        code = main(["curate", str(folder / "r.yaml"), "--workspace", str(folder / "ws"), "--prefect", "off", *more])
        message = capsys.readouterr().err
        assert code == 2 and said in message and "Traceback" not in message
        assert not list(folder.glob("ws/*/*@*"))
