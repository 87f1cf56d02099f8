"""What a reader needs to trust or repeat a report: limits, lineage, configuration."""

import json
from dataclasses import asdict
from typing import Any

from maslin.trainer.comparison.compare import A_A
from maslin.trainer.comparison.results import DomainResult
from maslin.trainer.numbers import decimal, integer, size
from maslin.trainer.report.facts import Facts
from maslin.trainer.report.html import Html, el, fold, join, p, section, table

MUCH_REPEATED_EPOCHS = 4.0


def limits(facts: Facts) -> Html:
    """What was not done, and what the figures therefore do not say."""
    return section("limits", "What this does not say", el("ul", *(el("li", item) for item in _limits(facts))))


def _limits(facts: Facts) -> list[Any]:
    metric, tested = facts.metric, facts.scored()
    items: list[Any] = []
    seeds = min((result.seeds_per_arm for _, _, result in tested), default=0)
    if seeds < 5:
        effects = [r.minimum_detectable_effect for _, _, r in tested if r.minimum_detectable_effect is not None]
        seen = (f" Differences below {metric.shown(min(effects), -1)} to {metric.shown(max(effects), -1)} "
                f"{metric.unit}, depending on the domain, would mostly be missed.") if effects else ""
        items.append(f"Few seeds: {seeds} an arm.{seen}")
    items += [
        "One learning rate. Small changes of the learning rate can reverse the order of two data sets; the comparison "
        "was not repeated at a lower one.",
        "One size and one budget. Small models rank recipes like large ones most of the time, not always, and scarce "
        "corpora repeat more often in a long run than in a short one.",
        "One matching: the arms have equal tokens, so each gain is also the loss of what was replaced. Adding a corpus "
        "on top of the same text, or replacing text by more of another corpus, are other questions.",
        f"One kind of measure: {metric.unit} of held-out text. Tasks were not tried; {metric.gain} is no promise of "
        "more skill.",
        "Seeds vary initial weights and the order of data together. All runs of an arm draw on the same corpora, so "
        "the intervals do not cover which documents a source happened to give.",
    ]
    of_domain = {domain: result for _, domain, result in tested}
    if any("c4" in corpus.steps for corpus in facts.corpora):
        items.append("C4's rules were made for, and C4 was built from, the WET text of Common Crawl; here they run on "
                     "main text extracted from HTML. The same rules decide on other lines.")
    items += [text for domain, result in of_domain.items() if (text := _clusters(domain, result))]
    for arm, mixture in facts.mixtures.items():
        for corpus, plan in mixture.corpora.items():
            if plan.epochs > MUCH_REPEATED_EPOCHS:
                items.append(f"{arm} repeats {corpus} {decimal(plan.epochs, 1)} times: beyond "
                             f"{MUCH_REPEATED_EPOCHS:g} epochs repeated text teaches less than new text.")
    if not facts.groups.get(A_A):
        items.append("No A/A control was run.")
    if facts.split == "validation":
        items.append("Scored on the validation part. Who chooses among recipes by it should confirm the choice once on "
                     "the test part (--final).")
    return items


def _clusters(domain: str, result: DomainResult) -> str | None:
    """What the error over documents could not know, if anything."""
    if result.clusters == result.documents:
        return (f"{domain}: held-out documents count one by one. Documents of one site or repository may rise and "
                "fall together; then the documents' share of the error is larger than told.")
    if result.conditional:
        return (f"{domain}: held-out documents are of {result.clusters} sites or repositories, which tell as much as "
                f"{decimal(result.effective_clusters, 1)} equal ones. What is claimed is of these, not of others.")
    return None


def lineage(facts: Facts) -> Html:
    """Every directory this report rests on, and the raw inputs with their digests."""
    rows = []
    for step, manifest in facts.steps:
        files = manifest.files
        rows.append((el("span", step.directory, class_="digest"), str(manifest.version),
                     integer(len(files)), size(manifest.bytes),
                     "yes" if manifest.complete else "no"))
    inputs = [
        (step.name, role.partition(":")[2] or role, el("span", value, class_="digest"))
        for step, _ in facts.steps for role, value in sorted(step.inputs.items()) if isinstance(value, str)
    ]
    return section(
        "lineage", "Lineage",
        p("Each directory is named by a digest over its kind, version, parameters and inputs; its manifest.json lists "
          "every file with its checksum. The same recipe and inputs give the same digests and the same bytes."),
        fold(f"{len(inputs)} raw input{'s' if len(inputs) != 1 else ''}", table(
            [("source", "t"), ("input", "t"), ("digest of the content (xxh3-128)", "t")], inputs, "Raw inputs.",
            row_headers=2), open_=len(inputs) <= 12),
        fold(f"{len(rows)} step directories", table(
            [("directory in the workspace", "t"), ("version", "n"), ("files", "n"), ("bytes", "n"), ("complete", "t")],
            rows, "Step directories, inputs first."), open_=len(rows) <= 12),
        fold("Inputs of each directory", el("ul", *(
            el("li", el("span", step.directory, class_="digest"), el("ul", *(
                el("li", f"{role}: ", el("span", each.directory, class_="digest"))
                for role, each in step.input_steps().items())))
            for step, _ in facts.steps if step.input_steps()))))


def configuration(facts: Facts) -> Html:
    """The resolved recipe, and the parameters of every step as they went into its digest."""
    blocks = []
    for step, _ in facts.steps:
        blocks.append(fold(el("span", step.directory, class_="digest"), _pre(step.parameters)))
    return section(
        "configuration", "Configuration",
        p("Everything that decides the results, with every default written out."),
        fold("The resolved recipe", _pre(facts.recipe)), fold("Settings of the comparison", _pre(
            asdict(facts.comparison.settings))),
        fold("Parameters of each step directory", join(blocks)))


def _pre(value: Any) -> Html:
    return el("pre", json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False))
