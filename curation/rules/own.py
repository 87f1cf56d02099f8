"""A person's own rule as a judge of batches: what its function takes and gives, and errors that fail one document.

- `text`, `document`: `function(text, parameters)`, or of a dict of the document's columns. It returns the signals by
  name, which the declared rules' thresholds then decide by (None: nothing to measure); or whether the document goes by
  the one rule that has no signal; or the name of the rule by which it goes, None to keep it.
- `edit`: `function(text, parameters)` returns the new text, or None to drop the document by the one declared rule. The
  spans changed are found by comparing lines.
- `batch`: `judge(batch, parameters)`, as ours. If it raises, it is asked again about each document alone.

A document on which the function raises, or gives what the declaration does not know, fails as `rule_error`.
"""

import difflib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from maslin.curation.rules.judgement import Judgement
from maslin.curation.text.batch import EXCERPT_CHARACTERS, KEEP, Batch, Decision, Edited, Reason, Spans
from maslin.manifests.errors import UsageError
from maslin.manifests.steps import own
from maslin.manifests.steps.spec import RULE_ERROR, CurationStep, Origin

_MOST_LINES = 2000  # compared one with another; between more the change is one


def bind(step: CurationStep, origin: Origin | None) -> Callable[[Batch], Decision]:
    """The rule's function of a batch, loaded from its origin. Raises UsageError where that is not what was planned."""
    if origin is None:
        raise UsageError(
            f"{step.name}: a rule of one's own; its code is loaded from no workspace. Name the recipe that has it.")
    rule = own.load(origin)
    if rule.spec.code != step.spec.code:
        raise UsageError(f"{step.name}: its source changed while it was at work. Run the command again.")
    return partial(FORMS[rule.spec.form], rule, rule.spec.decode(step.to_json()["parameters"]))


def _judge_texts(rule: own.OwnRule, parameters: Any, batch: Batch) -> Decision:
    return _judge_each(rule, parameters, batch, batch.texts)


def _judge_documents(rule: own.OwnRule, parameters: Any, batch: Batch) -> Decision:
    return _judge_each(rule, parameters, batch, batch.table.to_pylist())


def _judge_each(rule: own.OwnRule, parameters: Any, batch: Batch, values: list[Any]) -> Decision:
    judgement = Judgement(rule.spec, parameters, batch)
    signals = {name: np.full(len(batch), np.nan) for name in rule.spec.signals}
    for row, value in enumerate(values):
        try:
            answer = rule.function(value, parameters)
            if isinstance(answer, dict):
                for name, number in _measured(answer, rule):
                    signals[name][row] = number
            elif (name := _reason(answer, rule)) is not None:
                judgement.drop(name, row)
        except (Exception, SystemExit) as error:
            _fail(judgement, row, rule, error)
    for test in rule.spec.rules:
        if test.signal is not None and test.applies(parameters):
            judgement.test(test.name, signals[test.signal])
    return judgement.decision(signals)


def _measured(answer: dict[str, Any], rule: own.OwnRule) -> Iterator[tuple[str, float]]:
    if unknown := set(answer) - set(rule.spec.signals):
        raise ValueError(f"the declaration has no signals {', '.join(sorted(map(str, unknown)))}")
    yield from [(name, np.nan if number is None else float(number)) for name, number in answer.items()]


def _reason(answer: Any, rule: own.OwnRule) -> str | None:
    """The name of the rule that an answer without signals drops by."""
    known = [each.name for each in rule.spec.rules if each.signal is None and each.name != RULE_ERROR]
    if answer is None or answer is False:
        return None
    if answer is True and len(known) == 1:
        return known[0]
    if answer in known:
        return answer
    raise ValueError(f"returned {answer!r}: expected signals, True or False, or one of the rules {', '.join(known)}")


def _fail(judgement: Judgement, row: int, rule: own.OwnRule, error: BaseException) -> None:
    judgement.drop(RULE_ERROR, row, detail=own.place(error, rule.files)[:EXCERPT_CHARACTERS])


def _edit(rule: own.OwnRule, parameters: Any, batch: Batch) -> Edited:
    judgement = Judgement(rule.spec, parameters, batch)
    texts, rows, replacements = list(batch.texts), [], []
    for row, text in enumerate(batch.texts):
        try:
            new = rule.function(text, parameters)
            if new is None:
                judgement.drop(str(_reason(True, rule)), row)
                continue
            if not isinstance(new, str):
                raise TypeError(f"returned {new!r}: expected the new text, or None to drop the document")
            new.encode()
        except (Exception, SystemExit) as error:
            _fail(judgement, row, rule, error)
            continue
        texts[row] = new
        for start, end, replacement in changed_lines(text, new):
            rows.append((row, start, end))
            replacements.append(replacement)
    columns = np.array(rows, np.int32).reshape(-1, 3)
    return judgement.edited(pa.array(texts, pa.large_string()), Spans(
        (rule.spec.name,), columns[:, 0], np.zeros(len(columns), np.int32), columns[:, 1], columns[:, 2],
        pa.array(replacements, pa.string())))


def changed_lines(text: str, new: str) -> Iterator[tuple[int, int, str | None]]:
    """Spans of `text`'s lines and what stands in their place: joined with newlines, the new text; see Spans."""
    if new == text:
        return
    old, lines = text.splitlines(), new.split("\n")
    if "\n".join(old) != text or not new:  # other line ends, or a newline at the end: one edit of the whole text
        yield 0, len(old), new
        return
    first, last = 0, 0
    while first < min(len(old), len(lines)) and old[first] == lines[first]:
        first += 1
    while last < min(len(old), len(lines)) - first and old[-1 - last] == lines[-1 - last]:
        last += 1
    before, after = old[first:len(old) - last], lines[first:len(lines) - last]
    if max(len(before), len(after)) > _MOST_LINES:
        changes = [("replace", 0, len(before), 0, len(after))]
    else:
        changes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for what, start, end, new_start, new_end in changes:
        if what != "equal":
            here = after[new_start:new_end]
            yield first + start, first + end, "\n".join(here) if here else None


def _judge_batch(rule: own.OwnRule, parameters: Any, batch: Batch) -> Decision:
    try:
        return _checked(rule, batch, rule.function(batch, parameters))
    except (Exception, SystemExit) as error:
        if len(batch) == 1:
            judgement = Judgement(rule.spec, parameters, batch)
            _fail(judgement, 0, rule, error)
            return judgement.decision({name: np.full(1, np.nan) for name in rule.spec.signals})
    return _joined([_judge_batch(rule, parameters, batch.take(np.array([row]))) for row in range(len(batch))], batch)


def _checked(rule: own.OwnRule, batch: Batch, decision: Any) -> Decision:
    """A batch function's answer, if it is one to the batch and the declaration."""
    if not isinstance(decision, Decision):
        raise TypeError(f"returned {type(decision).__name__}: expected a Decision")
    if unknown := set(decision.signals) - set(rule.spec.signals):
        raise ValueError(f"the declaration has no signals {', '.join(sorted(unknown))}")
    if unknown := {reason.rule for reason in decision.reasons} - {each.name for each in rule.spec.rules}:
        raise ValueError(f"the declaration has no rules {', '.join(sorted(unknown))}")
    lengths = {len(decision.cause), len(decision.value), *map(len, decision.signals.values())}
    if lengths != {len(batch)}:
        raise ValueError(f"answered for {min(lengths)} documents of {len(batch)}")
    return decision


def _joined(parts: list[Decision], batch: Batch) -> Decision:
    """The decisions on single documents as one on all; what failed says nothing but that."""
    names = list(dict.fromkeys(reason for part in parts for reason in part.reasons))
    cause = np.array([
        KEEP if part.cause[0] == KEEP else names.index(part.reasons[part.cause[0]]) for part in parts], np.int16)
    reasons: tuple[Reason, ...] = tuple(names)
    value = np.concatenate([part.value for part in parts])
    detail = {row: part.detail[0] for row, part in enumerate(parts) if 0 in part.detail}
    signals = {
        name: np.array([part.signals[name][0] if name in part.signals else np.nan for part in parts])
        for name in dict.fromkeys(name for part in parts for name in part.signals)}
    columns = {
        name: pa.concat_arrays([
            part.columns[name] if name in part.columns else batch.table[name].slice(row, 1).combine_chunks()
            for row, part in enumerate(parts)])
        for name in dict.fromkeys(name for part in parts for name in part.columns)}
    edited = [(row, part) for row, part in enumerate(parts) if isinstance(part, Edited)]
    if not edited:
        return Decision(reasons, cause, value, detail, signals, columns)
    texts = list(batch.texts)
    for row, part in edited:
        texts[row] = part.text[0].as_py()
    spans = [(row, part.spans, each) for row, part in edited for each in range(len(part.spans.row))]
    rules = tuple(dict.fromkeys(rule for _, part in edited for rule in part.spans.rules))

    def column(values: Iterator[int]) -> np.ndarray:
        return np.array(list(values), np.int32)

    return Edited(
        reasons, cause, value, detail, signals, columns, text=pa.array(texts, pa.large_string()),
        spans=Spans(
            rules, column(row for row, _, _ in spans),
            column(rules.index(each.rules[each.rule[index]]) for _, each, index in spans),
            column(each.line_start[index] for _, each, index in spans),
            column(each.line_end[index] for _, each, index in spans),
            pa.array([each.replacement[index].as_py() for _, each, index in spans], pa.string())))


FORMS: dict[str, Callable[[own.OwnRule, Any, Batch], Decision]] = {
    "batch": _judge_batch, "text": _judge_texts, "document": _judge_documents, "edit": _edit,
}
