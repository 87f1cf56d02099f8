"""What a near_dedup found of planted duplicates, by their similarity, beside what the curve of its bands foretells."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from maslin.curation.evidence.recall import MOST_CHARACTERS, Recall
from maslin.flows.shown.answers import PairsFound, SearchMeasured
from maslin.flows.shown.text import table
from maslin.manifests.visible import visible_line
from maslin.manifests.workspace import read_manifest

_SHOWN = 10  # wrong merges


def recall_facts(directory: Path, step_index: int, found: Recall) -> SearchMeasured:
    """What was found with the parameters of a step of the corpus in `directory`."""
    facts = asdict(found)
    for name in ("near", "bands", "rows"):
        del facts[name]
    measure, least = found.near.limit
    return {  # type: ignore[return-value]
        "corpus": read_manifest(directory).name, "directory": str(directory), "step_index": step_index, "banding": {
            "bands": found.bands, "rows": found.rows, "threshold": found.near.threshold, "measure": measure,
            "least": least}, **facts}


def print_recall(answer: SearchMeasured, seed: int) -> None:
    banding, whole = answer["banding"], answer["whole"]
    print(f"\ncorpus {answer['corpus']}, step {answer['step_index']} near_dedup: leaves from {banding['measure']} "
          f"{banding['least']:g} on; {banding['bands']} bands of {banding['rows']} rows\n  {answer['directory']}")
    print(f"{answer['drawn']:,} documents drawn by seed {seed}, an edited copy of each planted"
          + "".join(f"; {number:,} {what}" for number, what in (
              (answer["cut"], f"cut to {MOST_CHARACTERS:,} characters"),
              (answer["short"], "not counted, of fewer words than a shingle"),
              (answer["alike"], "not counted, duplicates of others drawn")) if number) + "\n")
    print(table(list(_rows(answer)), ["similarity", "pairs", "to leave", "found", "recall", "foretold", "95 %"]))
    if whole["due"]:
        print(f"Found {whole['found']:,} of {whole['due']:,} that are to leave "
              f"({_share(whole['found'] / whole['due'])}); the bands foretell {_share(whole['foretold'])}, "
              f"{_interval(whole)}.")
    if elsewhere := answer["elsewhere"]:
        print(f"{elsewhere:,} copies left for another document than their own that they are like as well.")
    if answer["pages"]:
        print(f"Pages of templates, each with a passage of its own: {answer['pages']:,} of {answer['templates']:,}, "
              f"{answer['merged']:,} left.")
    wrong = answer["wrong"]
    print(f"Left for a document that they are not like: {len(wrong):,}" + (":" if wrong else "."))
    for each in wrong[:_SHOWN]:
        print(f"  {visible_line(each['document'])} for {visible_line(each['survivor'])}: {each['value']:.4f}")


def _rows(answer: SearchMeasured) -> Iterator[list[Any]]:
    for each in answer["by_similarity"]:
        if each["pairs"]:
            told = ["", "", ""]
            if each["due"]:
                told = [_share(each["found"] / each["due"]), _share(each["foretold"]), _interval(each)]
            yield [f"{each['least']:.2f} to {each['most']:.2f}", each["pairs"], each["due"], each["found"], *told]


def _interval(found: PairsFound) -> str:
    return f"{_share(found['foretold_least'])} to {_share(found['foretold_most'])}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
