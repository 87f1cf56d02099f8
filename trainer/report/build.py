"""Build the report of a comparison: `report.html`, one file without network or scripts, and `comparison.json`."""

from typing import Any

from maslin.manifests.files import file_entry, write_json, write_text
from maslin.manifests.manifest import Manifest
from maslin.manifests.workspace import Mapper, Step, Workspace, commit
from maslin.trainer.report import sections_data, sections_method, sections_rounds, sections_training, sections_verdict
from maslin.trainer.report.facts import Facts, gather
from maslin.trainer.report.html import Html, document, el

SECTIONS = (
    sections_verdict.question, sections_verdict.differences, sections_rounds.rounds, sections_verdict.control,
    sections_verdict.every_run, sections_data.mixtures, sections_data.funnels, sections_training.training,
    sections_method.limits, sections_method.lineage, sections_method.configuration,
)
CONTENTS = (
    ("verdict", "Verdict"), ("differences", "Differences"), ("rounds", "Rounds"), ("control", "A/A control"),
    ("runs", "Every run"), ("mixtures", "Mixtures"), ("funnels", "Funnels"), ("training", "Training"),
    ("limits", "Limits"), ("lineage", "Lineage"), ("configuration", "Configuration"),
)


def build_report(step: Step, workspace: Workspace, mapper: Mapper) -> Manifest:
    """Build a `report` step; returns its manifest.

    Parameters: "baseline" (an arm), "groups" (arm → names of its runs; "a_a": the baseline's runs with other seeds),
    "domains" (in the order to show), "split" ("validation" or "test"), and "recipe" (resolved, to be shown). With
    "rounds" it is looked after every round of seeds (maslin.trainer.comparison.rounds).

    Inputs: "evaluation:<run>" and "run:<run>" for every run in the groups, "mixture:<arm>" for every arm,
    "corpus:<name>" and "documents:<source>" for every funnel to show; "held_out:<domain>" for the lineage. Steps these
    were made of are found through them. Raises DataError when the evaluations cannot be compared.
    """
    root = workspace.path(step)
    facts = gather(step, workspace, mapper)
    write_json(root / "comparison.json", facts.comparison.to_json())
    write_text(root / "report.html", page(facts))
    return commit(
        root, step, [file_entry(root, root / name) for name in ("comparison.json", "report.html")],
        summary={
            "verdict": facts.comparison.verdict,
            "verdicts": {
                name: {domain: result.verdict for domain, result in arm.domains.items()}
                for name, arm in facts.comparison.arms.items()
            },
            **_rounds(facts),
        })


def _rounds(facts: Facts) -> dict[str, Any]:
    """The looks in brief, where there were several."""
    rounds = facts.comparison.rounds
    return {} if rounds is None else {"rounds": {
        "plan": rounds.plan["digest"], "most": rounds.plan["rounds"], "ended": rounds.ended,
        "looks": [{"rounds": look.rounds, "spent": look.spent, "open": look.open} for look in rounds.looks]}}


def page(facts: Facts) -> Html:
    """The whole document. Equal facts give equal bytes."""
    title = f"{facts.name}: which recipe is better?"
    contents = el("ol", *(el("li", el("a", name, href=f"#{key}")) for key, name in CONTENTS
                          if key != "rounds" or facts.comparison.rounds is not None))
    return document(
        title,
        el("header", el("h1", title), el("p", "Report of a comparison of training data, by Maslin.", class_="soft"),
           el("nav", contents, aria_label="Contents")),
        el("main", *(make(facts) for make in SECTIONS)),
        el("footer", "Every figure is computed from the per-document rows of the evaluations and from the manifests, "
                     "ledgers and logs named under Lineage; those of the comparison lie in comparison.json beside it."))
