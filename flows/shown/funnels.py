"""The funnel of a corpus as a table: what each rule removes, in sequence and alone."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from textwrap import fill
from typing import Any

from maslin.curation.evidence.funnel import Funnel, SourceCount
from maslin.flows.shown.text import table
from maslin.trainer.report.clusters import Deduplication


def funnel_facts(
    sources: Sequence[SourceCount], funnels: Sequence[Funnel], found: Mapping[Path, Sequence[Deduplication]],
) -> dict[str, Any]:
    """The counts of sources and corpora as they stand; what was found of duplicates by the directory of a corpus."""
    corpora = [{name: value for name, value in asdict(funnel).items() if name != "steps"} for funnel in funnels]
    return {"sources": [asdict(source) for source in sources],
            "corpora": [{**corpus, "directory": str(corpus["directory"]),
                         "deduplications": [asdict(each) for each in found[corpus["directory"]]]}
                        for corpus in corpora]}


def print_funnel(funnel: Funnel) -> None:
    """What is left of a corpus, and what each of its rules took."""
    share = funnel.kept / funnel.read if funnel.read else 0.0
    print(f"\ncorpus {funnel.corpus}: kept {funnel.kept:,} of {funnel.read:,} documents ({share:.1%})\n"
          f"  {funnel.directory}")
    shown = [count for count in funnel.rules if count.documents or count.alone_documents or count.unknown_documents]
    rows = [
        [f"{count.step_index} {count.step}", count.rule, count.condition, count.documents, _megabytes(count.bytes),
         f"{count.documents / max(1, count.seen):.1%}", count.alone_documents, _megabytes(count.alone_bytes),
         count.unknown_documents or None]
        for count in shown
    ]
    if rows:
        print(table(rows, ["step", "rule", "drops if", "in sequence", "MB", "of seen", "alone", "MB", "unknown"]))
    idle: dict[str, list[str]] = {}
    for count in funnel.rules:
        if count not in shown:
            idle.setdefault(count.step, []).append(count.rule)
    for step, rules in idle.items():
        print(fill(f"{step}: {', '.join(rules)} removed nothing", 110, subsequent_indent="  "))
    if any(count.unknown_documents for count in shown):
        print("unknown: documents that another rule of the step dropped before this one could be tested")
    edited = funnel.kept_bytes - funnel.text_bytes
    print(f"text: {_megabytes(funnel.read_bytes):,.2f} MB extracted, {_megabytes(funnel.kept_bytes):,.2f} MB of it in "
          f"documents kept; edits took {_megabytes(edited):,.2f} MB, {_megabytes(funnel.text_bytes):,.2f} MB stay")
    removed = sum(count.documents for count in funnel.rules)
    if removed + funnel.kept != funnel.read:
        print(f"{funnel.read - funnel.kept - removed:,} documents left by rules that this Maslin does not know: "
              "see `maslin manifest show`")


def _megabytes(byte_count: int) -> float:
    return byte_count / 1e6
