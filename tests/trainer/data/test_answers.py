"""Supervised fine-tuning: only answers to questions that are in the sequence are learned, and they are."""

import numpy as np
import pyarrow as pa
import pytest
import torch
from tokenizers import Tokenizer

from maslin.curation.tokens.bpe.training import train
from maslin.curation.tokens.tokenizer import END_OF_TEXT
from maslin.manifests.chatml import SPECIAL_TOKENS, render
from maslin.manifests.errors import UsageError
from maslin.trainer.data.answers import answer_mask, answers, chat_tokens
from maslin.trainer.data.sampler import Batch, segments_of
from maslin.trainer.models.examples import IGNORED

FIRST = render([("system", "Be short."), ("user", "Is rye a grain?"), ("assistant", "It is."), ("user", "Salt?"),
                ("assistant", "No.\nNever.")])
SECOND = render([("assistant", "Unasked."), ("user", "assistant\nme"), ("assistant", "Yes")])


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    train([pa.array([FIRST * 3])], 300, [END_OF_TEXT, *SPECIAL_TOKENS]).save(str(path))
    return path


@pytest.fixture(scope="module")
def tokenizer(path):
    return Tokenizer.from_file(str(path))


def packed(tokenizer, *texts):
    ids = [id for text in texts for id in (*tokenizer.encode(text, add_special_tokens=False).ids, 0)]
    return np.array([ids], np.int32)


def learned(tokenizer, path, tokens):
    mask = answer_mask(tokens, chat_tokens(path), 0)[0]
    parts, text = [], []
    for token, asked in zip(tokens[0].tolist(), mask.tolist(), strict=True):
        if asked:
            text.append(token)
        elif text:
            parts.append(tokenizer.decode(text, skip_special_tokens=False))
            text = []
    return [*parts, tokenizer.decode(text, skip_special_tokens=False)] if text else parts


def test_answers_and_their_end_signs_are_learned_and_nothing_else(tokenizer, path):
    tokens = packed(tokenizer, FIRST, SECOND)
    assert learned(tokenizer, path, tokens) == ["It is.<|im_end|>", "No.\nNever.<|im_end|>", "Yes<|im_end|>"]


def test_an_answer_whose_question_is_cut_off_is_not_learned(tokenizer, path):
    tokens = packed(tokenizer, FIRST)
    first_question = int(np.flatnonzero(tokens[0] == tokenizer.token_to_id("<|im_start|>"))[1])
    assert learned(tokenizer, path, tokens[:, first_question:]) == ["It is.<|im_end|>", "No.\nNever.<|im_end|>"]
    assert learned(tokenizer, path, tokens[:, first_question + 1 :]) == ["No.\nNever.<|im_end|>"]
    assert learned(tokenizer, path, tokens[:, :-3])[-1] == "No.\nNever."  # its end is in the next sequence


def test_only_answers_are_asked_for_as_targets(tokenizer, path):
    tokens = packed(tokenizer, FIRST, SECOND)
    batch = Batch(tokens, segments_of(tokens[:, :-1], 0), np.zeros(1, np.int64), np.zeros(1, np.int64))
    examples = answers(batch, chat_tokens(path), 0)
    asked = examples.targets[0] != IGNORED
    assert tokenizer.decode(examples.targets[0][asked].tolist(), skip_special_tokens=False) == (
        "It is.<|im_end|>No.\nNever.<|im_end|>Yes<|im_end|>")
    assert torch.equal(examples.targets[0][asked], torch.from_numpy(batch.targets[0]).long()[asked])
    assert examples.targets_asked == int(asked.sum()) and examples.segments[0].max() == 1


def test_a_tokenizer_without_the_signs_is_refused(tmp_path):
    train([pa.array([FIRST])], 300, [END_OF_TEXT]).save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(UsageError, match="sft needs a mixture with a source of kind `chat`"):
        chat_tokens(tmp_path / "tokenizer.json")
