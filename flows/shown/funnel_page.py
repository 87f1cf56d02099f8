"""A page of funnels: what is left of each corpus after its steps, and what each rule removes, in sequence and alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from maslin.curation.evidence.funnel import Funnel, SourceCount
from maslin.trainer.numbers import integer, percent, size
from maslin.trainer.report import funnel_charts, svg
from maslin.trainer.report.clusters import Deduplication
from maslin.trainer.report.funnel_charts import Bar, Pair, bars
from maslin.trainer.report.html import Html, document, el, join, p, section, table
from maslin.trainer.report.sections_clusters import clusters

_ABOUT = (
    "In sequence, a document counts for the first rule that held, as the ledger has it. Alone is what a rule would "
    "remove of all the documents that its step saw if it were the step's only rule, from stored signals; what they do "
    "not tell is given as unknown. Bytes are of the extracted text, before edits.")


def page(
    title: str, sources: Sequence[SourceCount], funnels: Sequence[Funnel],
    deduplications: Mapping[Path, Sequence[Deduplication]],
) -> Html:
    """The whole document; `deduplications` by the directory of a corpus. Equal funnels give equal bytes."""
    return document(
        title, el("header", el("h1", title), p(_ABOUT, class_="soft")),
        el("main", *(p(f"Source {source}.") for source in sources),
           *(_corpus(index, funnel, deduplications[funnel.directory]) for index, funnel in enumerate(funnels))),
        el("footer", "Counted from the ledgers and signals of the corpora named here, by Maslin."))


def _corpus(index: int, funnel: Funnel, deduplications: Sequence[Deduplication]) -> Html:
    documents, byte_counts = _bars(funnel)
    edited = funnel.kept_bytes - funnel.text_bytes
    shown = [count for count in funnel.rules if count.documents or count.alone_documents or count.unknown_documents]
    title = f"of {funnel.corpus} left after each step"
    parts = [
        p(f"{integer(funnel.kept)} of {integer(funnel.read)} documents kept ({percent(_share(funnel))}), "
          f"{size(funnel.text_bytes)} of text. ", el("code", funnel.directory.name)),
        svg.figure(funnel_charts.funnel(documents, f"Documents {title}", "documents"),
                   f"Documents {title}; pale: what the step took."),
        svg.figure(funnel_charts.funnel(byte_counts, f"Text {title}", "of text", size),
                   f"Bytes of text {title}; the last bar is what edits took from the documents kept "
                   f"({size(edited)})."),
    ]
    if shown:
        rules = [Pair(count.rule, count.documents, count.alone_documents, count.unknown_documents) for count in shown]
        caption = f"What each rule of {funnel.corpus} removes, in sequence and alone"
        parts += [svg.figure(funnel_charts.pairs(rules, caption, "documents"), f"{caption}, in documents."),
                  _table(funnel)]
    return section(f"corpus-{index}", f"Corpus {funnel.corpus}", *parts, *clusters(funnel.corpus, deduplications))


def _share(funnel: Funnel) -> float:
    return funnel.kept / max(1, funnel.read)


def _bars(funnel: Funnel) -> tuple[list[Bar], list[Bar]]:
    """Documents, and bytes of extracted text, left after each step."""
    by_step = [(name, [count for count in funnel.rules if (count.step_index, count.step) == (index, name)])
               for index, name in enumerate(funnel.steps)]
    documents = ((name, sum(count.documents for count in counts)) for name, counts in by_step)
    byte_counts = [(name, sum(count.bytes for count in counts)) for name, counts in by_step]
    byte_counts.append(("edits", funnel.kept_bytes - funnel.text_bytes))
    return bars("documents read", funnel.read, documents), bars("extracted", funnel.read_bytes, byte_counts)


def _table(funnel: Funnel) -> Html:
    rows = [
        (count.step, join([count.rule, " ", el("span", count.condition, class_="soft")]), integer(count.documents),
         size(count.bytes), percent(count.documents / max(1, count.seen)), integer(count.alone_documents),
         size(count.alone_bytes), integer(count.unknown_documents) if count.unknown_documents else "")
        for count in funnel.rules
    ]
    return table(
        [("step", "t"), ("rule, and what it drops", "t"), ("in sequence", "n"), ("bytes", "n"), ("of those seen", "n"),
         ("alone", "n"), ("bytes", "n"), ("unknown", "n")], rows,
        f"Every rule of {funnel.corpus}, in the order of tests.")
