"""The data behind a comparison: mixtures with what was really trained on, and the funnel of every source and corpus."""

from collections.abc import Callable, Sequence

from maslin.trainer.comparison.compare import A_A
from maslin.trainer.numbers import MISSING, decimal, integer, percent, size
from maslin.trainer.report import funnel_charts, svg
from maslin.trainer.report.facts import Dataset, Facts, Stage, wholes
from maslin.trainer.report.html import Html, corpus_text, el, fold, join, p, section, table
from maslin.trainer.report.removals import EditedLines, RemovedBy, RemovedDocument
from maslin.trainer.report.sections_clusters import clusters

HELD_OUT = "held_out"  # the rule that takes held-out documents from a corpus; the test part stays closed


def mixtures(facts: Facts) -> Html:
    """What each arm was to see and what it saw, corpus by corpus."""
    blocks = []
    for arm in [facts.baseline, *facts.arms]:
        if arm in facts.mixtures:
            blocks += [el("h3", f"{arm}{' (baseline)' if arm == facts.baseline else ''}"), _mixture(facts, arm)]
    return section(
        "mixtures", "Mixtures",
        p("Shares are of training tokens. All arms train for the same number of tokens, so an arm with more of one "
          "corpus has less of another (token-matched replacement). Bytes and documents differ all the same, because "
          "texts differ in bytes per token."), *blocks)


def _mixture(facts: Facts, arm: str) -> Html:
    mixture = facts.mixtures[arm]
    runs = [*facts.groups[arm], *(facts.groups.get(A_A, ()) if arm == facts.baseline else ())]
    seen = [facts.runs[run].corpora for run in runs]
    columns = [("corpus", "t"), ("planned share", "n"), ("realised share", "n"), ("tokens there", "n"),
               ("tokens planned", "n"), ("tokens trained", "n"), ("bytes", "n"), ("documents begun", "n"),
               ("epochs planned", "n"), ("epochs", "n")]
    rows = []
    for corpus, plan in mixture.corpora.items():
        trained = [run[corpus] for run in seen]
        rows.append((
            corpus, percent(plan.weight, 2), _range([each.share for each in trained], lambda share: percent(share, 2)),
            integer(plan.tokens_available), integer(plan.tokens_planned),
            _range([each.tokens for each in trained], integer), _range([each.bytes for each in trained], size),
            _range([each.documents for each in trained], integer), decimal(plan.epochs, 2),
            _range([each.epochs for each in trained], lambda epochs: decimal(epochs, 2))))
    simulated = ""
    if target := mixture.simulate_target_tokens:
        simulated = (f" Each corpus is cut to {percent(mixture.budget_tokens / target, 2)} of its tokens, by whole "
                     f"documents, so that epochs are those of a run of {integer(target)} tokens.")
    caption = (f"{arm}: planned, and as trained in {len(seen)} run{'s' if len(seen) != 1 else ''} (lowest to highest "
               f"where seeds differ). At most {mixture.max_epochs:g} epochs; each counts a document again.{simulated}")
    return join([table(columns, rows, caption), _stages(arm, mixture.stages)])


def _stages(arm: str, stages: list[Stage]) -> Html:
    """The planned share of every corpus in every stage; nothing for a mixture that stays the same."""
    if not stages:
        return join([])
    corpora = sorted({corpus for stage in stages for corpus in stage.weights})
    return table(
        [("corpus", "t"), *((f"until {integer(stage.until_tokens)} tokens", "n") for stage in stages)],
        [(corpus, *(percent(stage.weights.get(corpus, 0.0), 2) for stage in stages)) for corpus in corpora],
        f"{arm}: planned shares of each stage of the run.")


def _range(values: Sequence[float], show: Callable[[float], str]) -> str:
    if not values:
        return MISSING
    low, high = show(min(values)), show(max(values))
    return low if low == high else f"{low} to {high}"


def funnels(facts: Facts) -> Html:
    """Sources first (records to documents), then each corpus (documents to what is trained on)."""
    return section(
        "funnels", "From raw records to corpora",
        p("What every step took away, with the first reason that held for each document. Examples are chosen by a hash "
          "of the document's id, three a rule, and shown as they were when they left; hidden and reordering characters "
          "are made visible."),
        *(join([el("h3", f"Source {source.name}"), *_source(source)]) for source in facts.sources),
        *(join([el("h3", f"Corpus {corpus.name}"), *_corpus(facts, corpus)]) for corpus in facts.corpora))


def _source(source: Dataset) -> list[Html]:
    counts = source.counts
    if not counts:
        return [p("No counts in its manifest.")]
    causes = [(cause, number, "dropped") for cause, number in counts.dropped.items()]
    causes += [(cause, number, "failed") for cause, number in counts.failed.items()]
    causes.sort(key=lambda each: (-each[1], each[0]))
    rows = [(cause, what, integer(number), percent(number / max(1, counts.read))) for cause, number, what in causes]
    notes = ", ".join(f"{note} {integer(number)}" for note, number in sorted(source.notes.items()))
    return [
        p(f"{integer(counts.read)} {counts.unit} read, {integer(counts.kept)} documents kept "
          f"({percent(counts.kept / max(1, counts.read))}), kind {source.kind}.",
          f" Oddities that did not stop a document: {notes}." if notes else ""),
        fold(f"What became of the other {integer(counts.read - counts.kept)}",
             table([("cause", "t"), ("", "t"), (counts.unit, "n"), ("share of read", "n")], rows,
                   f"Records of {source.name} that did not become documents, by cause."),
             *(_examples(rule) for rule in source.removals.removed)) if rows else Html(""),
    ]


def _corpus(facts: Facts, corpus: Dataset) -> list[Html]:
    counts = corpus.counts
    if not counts:
        return [p("No counts in its manifest.")]
    read, removed_by = counts.read, corpus.removals.removed
    steps: dict[tuple[int, str], int] = dict.fromkeys(enumerate(corpus.steps), 0)
    for rule in removed_by:
        key = (rule.step_index, rule.step)
        steps[key] = steps.get(key, 0) + rule.documents
    bars = funnel_charts.bars(
        "documents read", read, ((name, removed) for (_, name), removed in sorted(steps.items())))
    left = bars[-1].left
    title = f"Documents of {corpus.name} left after each step"
    users = [arm for arm in [facts.baseline, *facts.arms]
             if arm in facts.mixtures and corpus.name in wholes(facts.recipe, facts.mixtures[arm].corpora)]
    parts = [p(
        f"{integer(counts.kept)} of {integer(read)} documents kept ({percent(counts.kept / max(1, read))}), "
        f"{size(corpus.text_bytes)} of text. ",
        f"Trained on by {', '.join(users)}." if users else "No arm trains on it.")]
    if len(bars) > 1:
        parts.append(svg.figure(funnel_charts.funnel(bars, title, "documents"), f"{title}; pale: what the step took."))
        parts.append(_rules(corpus, read))
    if left != counts.kept:
        parts.append(p(f"The ledger accounts for {integer(read - left)} of the {integer(read - counts.kept)} "
                       "documents that are gone: the ledger and the manifest disagree.", class_="notice"))
    parts += [_examples(rule) for rule in removed_by]
    parts += clusters(corpus.name, corpus.deduplications)
    if corpus.removals.edited:
        parts.append(_edits(corpus))
    return parts


def _rules(corpus: Dataset, read: int) -> Html:
    before, left, rows, last = read, read, [], None
    for rule in corpus.removals.removed:
        if rule.step_index != last:
            before, last = left, rule.step_index
        left -= rule.documents
        failed = " (failed)" if rule.action == "fail" else ""
        rows.append((rule.step, rule.rule + failed, _threshold(rule), integer(rule.documents),
                     percent(rule.documents / max(1, read)), percent(rule.documents / max(1, before))))
    rows.append(("kept", "", "", integer(left), percent(left / max(1, read)), ""))
    return table(
        [("step", "t"), ("rule", "t"), ("kept if", "n"), ("documents", "n"), ("of all read", "n"),
         ("of those that reached the step", "n")], rows,
        f"What each rule took from {corpus.name}, in the order of steps.")


_OPPOSITE = {"<": "≥", "<=": ">", ">": "≤", ">=": "<", "==": "≠", "!=": "="}
_SIGN = {"<=": "≤", ">=": "≥", "==": "=", "!=": "≠"}


def _threshold(rule: RemovedBy) -> str:
    """The condition to stay, where all examples share one threshold."""
    known = {(row.op, row.threshold) for row in rule.examples}
    if len(known) != 1:
        return ""
    op, threshold = known.pop()
    return "" if op is None or threshold is None else f"{_OPPOSITE.get(op, op)} {threshold:g}"


def _examples(rule: RemovedBy) -> Html:
    number, shown = rule.documents, len(rule.examples)
    return fold(
        join([el("code", rule.rule), f" took {integer(number)}: ",
              "the document" if number == 1 else "both" if number == shown == 2 else
              f"all {shown}" if number == shown else f"{shown} examples"]),
        *(_example(row) for row in rule.examples))


def _example(row: RemovedDocument) -> Html:
    why = []
    if row.value is not None:
        held = row.op is not None and row.threshold is not None
        against = f" {_SIGN.get(row.op, row.op)} {row.threshold:g}" if held else ""
        why.append(f"measured {row.value:g}{against}")
    if row.detail:
        why.append(row.detail)
    if row.survivor_id:
        why.append(f"the one kept is {row.survivor_id}" + (
            f" (similarity {row.similarity:.3f})" if row.similarity is not None else ""))
    shown = el("div", "Not shown: held-out text.") if row.rule == HELD_OUT else corpus_text(row.text_prefix or "")
    return el("div", el("div", el("code", row.id), ": " if why else "", "; ".join(why), class_="why"), shown,
              class_="example")


def _edits(corpus: Dataset) -> Html:
    edited = corpus.removals.edited
    rows = [(rule.step, rule.rule, integer(rule.documents), integer(rule.lines)) for rule in edited]
    examples = [
        fold(join([el("code", rule.rule), f" changed {integer(rule.lines)} lines: examples"]),
             *(_edit(row) for row in rule.examples))
        for rule in edited if rule.examples
    ]
    return fold(
        f"Lines that edits changed in {corpus.name}",
        table([("step", "t"), ("rule", "t"), ("documents", "n"), ("lines", "n")], rows,
              "Lines removed or rewritten, in documents that left later as well."), *examples)


def _edit(row: EditedLines) -> Html:
    parts = [el("div", el("code", row.id), f", lines {row.line_start + 1} to {row.line_end}"
                if row.line_end - row.line_start > 1 else f", line {row.line_start + 1}", class_="why"),
             el("del", corpus_text(row.before))]
    if row.replacement is not None:
        parts.append(el("ins", corpus_text(row.replacement)))
    return el("div", *parts, class_="example")
