"""`maslin funnel`: what each rule of a recipe's corpora removes, in sequence and alone, printed and drawn."""

import sys
from pathlib import Path
from textwrap import fill

from maslin.curation.evidence.corpora import corpora_of
from maslin.curation.evidence.funnel import Funnel, count_funnel, count_sources
from maslin.flows.commands.summary import table
from maslin.manifests.files import write_text


def run(asked: str, workspace: Path, plot: Path | None) -> int:
    """Print the funnels of a recipe's corpora, or of one; draw them into `plot` (default: in the workspace)."""
    from maslin.flows.commands.funnel_page import page  # here: --help needs none of it

    directories = corpora_of(asked, workspace, _say)
    sources = count_sources(directories)
    funnels = [count_funnel(directory, _say) for directory in directories]
    for source in sources:
        print(f"source {source}")
    for funnel in funnels:
        _print(funnel)
    name = Path(asked).stem if Path(asked).is_file() else funnels[0].corpus
    path = plot or workspace / "funnels" / f"{name}.html"
    write_text(path, page(f"Funnel of {name}", sources, funnels))
    print(f"\nDrawn: {path}")
    return 0


def _say(line: str) -> None:
    print(f"maslin: {line}", file=sys.stderr)


def _print(funnel: Funnel) -> None:
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
