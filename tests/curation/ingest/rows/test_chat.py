"""Conversations: what a line may look like, the ChatML text it becomes, and its tokens in a shard."""

import json

import numpy as np
import pytest
from tokenizers import Tokenizer

from maslin.curation.ingest.records import Document, Dropped, Failed, NoWatch
from maslin.curation.ingest.rows.chat import CHAT
from maslin.curation.tokens.shards import build_tokens
from maslin.curation.tokens.tokenizer import build_tokenizer
from maslin.manifests import chatml
from maslin.manifests.errors import UsageError
from maslin.manifests.files import checksum
from maslin.manifests.recipe.inputs import find_inputs
from maslin.manifests.recipe.sources import NoOptions
from maslin.manifests.workspace import Step, Workspace, serial_map
from tests.curation.web_archives import input_file
from tests.shared_data import shared_data
from tests.token_steps import corpus_step, texts_of

ASKED = [("user", "Is rye a grain?"), ("assistant", "It is.")]
TEXT = "<|im_start|>user\nIs rye a grain?<|im_end|>\n<|im_start|>assistant\nIt is.<|im_end|>\n"


def read(tmp_path, *rows, name="a.jsonl"):
    file = input_file(tmp_path / name, b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    return [item for split in CHAT.splits([file], NoOptions()) for item in CHAT.read(split, NoOptions(), NoWatch())]


@pytest.mark.parametrize("row", [
    {"messages": [{"role": role, "content": content} for role, content in ASKED]},
    {"messages": [{"role": role, "content": f"\n{content} "} for role, content in ASKED]},
    {"instruction": "Is rye a grain?", "output": "It is."},
    {"instruction": "Is rye a grain?", "input": "", "output": "It is."},
    {"instruction": "Is rye a grain?", "instances": [{"input": "", "output": "It is."}]},
])
def test_ways_to_write_a_conversation(tmp_path, row):
    (found,) = read(tmp_path, {**row, "id": "a", "licence": "MIT"})
    assert isinstance(found, Document) and (found.text, found.source_id, found.licence) == (TEXT, "a", "MIT")


def test_an_input_follows_its_instruction_and_more_instances_are_more_turns(tmp_path):
    instances = [{"input": "rye", "output": "yes"}, {"input": "salt", "output": "no"}]
    (found,) = read(tmp_path, {"instruction": "A grain?", "instances": instances})
    assert found.text == chatml.render([
        ("user", "A grain?\n\nrye"), ("assistant", "yes"), ("user", "salt"), ("assistant", "no")])


@pytest.mark.parametrize(("row", "cause"), [
    ({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": " "}]}, "no_answer"),
    ({"messages": []}, "no_answer"),
    ({"instruction": "Say <|im_end|>", "output": "no"}, "chat_markup"),
    ({"instruction": "x", "output": "<|im_start|>user\n"}, "chat_markup"),
])
def test_what_teaches_nothing_or_reads_as_turns_is_dropped(tmp_path, row, cause):
    (found,) = read(tmp_path, row)
    assert isinstance(found, Dropped) and found.cause == cause and found.id


@pytest.mark.parametrize(("row", "cause"), [
    ({"text": "x"}, "no_messages"), (["x"], "no_messages"), ({"messages": "x"}, "no_messages"),
    ({"messages": [{"role": "user"}]}, "no_messages"), ({"messages": [{"role": "user", "content": 1}]}, "no_messages"),
    ({"instruction": "x"}, "no_messages"), ({"instruction": "x", "instances": []}, "no_messages"),
    ({"instruction": 1, "output": "x"}, "no_messages"),
    ({"messages": [{"role": "user\n", "content": "x"}]}, "unknown_role"),
])
def test_what_is_no_conversation_fails_with_its_line(tmp_path, row, cause):
    _, found = read(tmp_path, {"instruction": "x", "output": "y"}, row)
    assert isinstance(found, Failed) and found.cause == cause and "line 2" in found.detail


def test_self_instruct_seed_tasks_are_all_conversations():
    path = shared_data("instruct/seed-tasks.jsonl.gz")
    found = read_all(path)
    assert len(found) == 175 and all(isinstance(item, Document) for item in found)
    assert found[0].text.startswith("<|im_start|>user\nIs there anything I can eat for a breakfast")


def read_all(path):
    inputs = find_inputs(["here"], (str(path),), path.parent, path.parent)
    return [item for split in CHAT.splits(inputs, NoOptions()) for item in CHAT.read(split, NoOptions(), NoWatch())]


SPECIAL = {"special_tokens": list(chatml.SPECIAL_TOKENS)}


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


def tokenizer_of(workspace, parameters, corpus, path=None):
    inputs = {"file": checksum(path)} if path else {"corpus:a": corpus}
    step = Step("tokenizer", "t", 1, parameters, inputs)
    build_tokenizer(step, workspace, serial_map, **({"path": path} if path else {}))
    return step


@pytest.fixture
def trained(workspace):
    corpus = corpus_step(workspace, "a", [texts_of(40, 30)])
    return corpus, tokenizer_of(
        workspace, {"kind": "bpe", "vocab_size": 330, "sample_bytes": 1 << 20, **SPECIAL}, corpus)


@pytest.mark.slow
def test_shards_hold_what_transformers_makes_of_the_messages(workspace, trained):
    transformers = pytest.importorskip("transformers")
    _, tokenizer = trained
    hostile = [("user", "a <|endoftext|> b\n\n  c"), ("assistant", "x\n"), ("user", "More?"), ("assistant", "No. 麦")]
    corpus = corpus_step(workspace, "talk", [[TEXT, chatml.render(hostile)]])
    tokens = Step("tokens", "talk", 1, SPECIAL, {"documents": corpus, "tokenizer": tokenizer})
    build_tokens(tokens, workspace, serial_map)
    theirs = transformers.AutoTokenizer.from_pretrained(workspace.path(tokenizer))
    theirs.backend_tokenizer.encode_special_tokens = False
    ids = np.fromfile(workspace.path(tokens) / "tokens" / "part-00000.bin", "<u2").tolist()
    messages = [{"role": role, "content": content} for role, content in ASKED]
    rendered = theirs.apply_chat_template(messages, tokenize=False)
    expected = theirs(rendered).input_ids
    assert rendered == TEXT and ids[: len(expected) + 1] == [*expected, theirs.eos_token_id]
    start, end = (theirs.convert_tokens_to_ids(token) for token in chatml.SPECIAL_TOKENS)
    assert (ids.count(start), ids.count(end)) == (6, 6)
    assert ids.count(theirs.eos_token_id) == 2  # its name in a message is text
    assert theirs.decode(ids) == TEXT + "<|endoftext|>" + chatml.render(hostile) + "<|endoftext|>"


def test_signs_in_an_ordinary_document_are_text(workspace, trained):
    _, tokenizer = trained
    corpus = corpus_step(workspace, "web", [[TEXT]])
    tokens = Step("tokens", "web", 1, {}, {"documents": corpus, "tokenizer": tokenizer})
    build_tokens(tokens, workspace, serial_map)
    loaded = Tokenizer.from_file(str(workspace.path(tokenizer) / "tokenizer.json"))
    ids = np.fromfile(workspace.path(tokens) / "tokens" / "part-00000.bin", "<u2").tolist()
    assert not {loaded.token_to_id(token) for token in chatml.SPECIAL_TOKENS} & set(ids)
    assert loaded.decode(ids[:-1]) == TEXT


def test_a_tokenizer_file_gets_the_signs_behind_its_own_tokens(workspace, tmp_path):
    corpus = corpus_step(workspace, "a", [texts_of(40, 30)])
    plain = tokenizer_of(workspace, {"kind": "bpe", "vocab_size": 330, "sample_bytes": 1 << 20}, corpus)
    path = workspace.path(plain) / "tokenizer.json"
    more = tokenizer_of(workspace, {"kind": "file", **SPECIAL}, corpus, path)
    before, after = (Tokenizer.from_file(str(workspace.path(step) / "tokenizer.json")) for step in (plain, more))
    assert workspace.manifest(more).summary["vocab_size"] == 332
    assert [after.token_to_id(token) for token in chatml.SPECIAL_TOKENS] == [330, 331]
    assert after.get_vocab() == {**before.get_vocab(), "<|im_start|>": 330, "<|im_end|>": 331}
    again = tokenizer_of(workspace, {"kind": "file", **SPECIAL}, corpus, workspace.path(more) / "tokenizer.json")
    assert (workspace.path(again) / "tokenizer.json").read_bytes() == (
        workspace.path(more) / "tokenizer.json").read_bytes()


def test_a_tokenizer_whose_text_ends_as_a_message_does_is_refused(workspace, tmp_path):
    corpus = corpus_step(workspace, "a", [texts_of(40, 30)])
    plain = tokenizer_of(workspace, {"kind": "bpe", "vocab_size": 330, "sample_bytes": 1 << 20}, corpus)
    content = (workspace.path(plain) / "tokenizer.json").read_text().replace("<|endoftext|>", "<|im_end|>")
    (tmp_path / "own.json").write_text(content)
    with pytest.raises(UsageError, match="ends every message"):
        tokenizer_of(workspace, {"kind": "file", **SPECIAL}, None, tmp_path / "own.json")
