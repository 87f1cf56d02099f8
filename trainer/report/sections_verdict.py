"""The first pages of a report: question and verdict, differences, the A/A control, every run by itself."""

from maslin.trainer.comparison.compare import A_A
from maslin.trainer.comparison.metrics import Metric
from maslin.trainer.comparison.results import Difference, DomainResult, NotScored
from maslin.trainer.comparison.verdict import (
    BETTER,
    EQUIVALENT,
    UNDECIDED,
    WORSE,
    difference_text,
    interval_text,
)
from maslin.trainer.numbers import MISSING, decimal, integer, p_value, signed, size
from maslin.trainer.report import svg
from maslin.trainer.report.facts import Facts
from maslin.trainer.report.html import Html, el, fold, join, p, section, table

A_A_LABEL = "A/A control"


def _listed(names: list[str]) -> Html:
    parts = [el("strong", name) for name in names]
    return parts[0] if len(parts) == 1 else Html(f"{join(parts[:-1], ', ')} and {parts[-1]}")


def _marked(metric: Metric, verdict: str) -> str:
    """A verdict behind its sign: which way the figure went."""
    better, worse = "▼▲" if metric.lower_is_better else "▲▼"
    signs = {BETTER: better, WORSE: worse, EQUIVALENT: "≈", UNDECIDED: "?"}
    return f"{signs[verdict]} {verdict}"


def question(facts: Facts) -> Html:
    """The question, the verdict of each domain in a sentence, and what it rests on."""
    if not facts.arms:
        return section("verdict", "Verdict", p("There is no arm beside the baseline: nothing is compared here."))
    several = len(facts.arms) > 1
    asked = p(
        "Does a model become better when it is trained on ", _listed(facts.arms), " instead of ",
        _listed([facts.baseline]), ", with the same number of tokens? ", "Each is" if several else "It is",
        f" measured in {facts.metric.unit} of held-out text of ", _listed(facts.domains),
        f". {facts.metric.direction.capitalize()}.", class_="lead")
    answers = []
    for arm in facts.comparison.arms.values():
        answers.append(p(el("strong", arm.sentence), class_="lead"))
        answers.append(el("ul", *(_card(facts.metric, *named) for named in arm.domains.items()), class_="verdicts"))
    return section(
        "verdict", "Verdict", asked, *answers, _notices(facts), _how_the_arms_differ(facts), _rests_on(facts))


def _card(metric: Metric, domain: str, result: DomainResult | NotScored) -> Html:
    figure = MISSING
    if isinstance(result, DomainResult):
        figure = f"{difference_text(metric, result)}, {interval_text(metric, result)}"
    return el("li", el("b", f"{domain}: {_marked(metric, result.verdict)}"), el("span", figure, class_="figure"),
              result.reason, class_=result.verdict.replace(" ", "-"))


def _notices(facts: Facts) -> Html:
    incomplete = [step.directory for step, manifest in facts.steps if not manifest.complete]
    limited = sorted({source.name for source in facts.sources if source.limit})
    notes = []
    if incomplete:
        notes.append(p(el("strong", "Incomplete input. "), "More records failed than the recipe allows in: ",
                       ", ".join(incomplete), ". The figures stand on what could be read."))
    if limited:
        notes.append(p(el("strong", "A part of the input. "), "Only the first records were read of: ",
                       ", ".join(limited), "."))
    return el("div", *notes, class_="notice", role="note") if notes else Html("")


def _rests_on(facts: Facts) -> Html:
    rows = [("Recipe", facts.name), ("Arms", f"{facts.baseline} (baseline), {', '.join(facts.arms)}")]
    seeds = {group: len(runs) for group, runs in facts.groups.items() if group != A_A}
    per_arm = {str(number) for number in seeds.values()}
    control = len(facts.groups.get(A_A, ()))
    rows.append(("Seeds", (f"{per_arm.pop()} an arm" if len(per_arm) == 1 else
                           ", ".join(f"{group}: {number}" for group, number in seeds.items()))
                 + (f", and {control} other seeds of {facts.baseline} as A/A control" if control else
                    ", no A/A control")))
    run = facts.runs[facts.groups[facts.baseline][0]]
    rows.append(("Model", f"{run.architecture}, {integer(run.parameters)} non-embedding parameters: {run.layers} "
                          f"layers, width {run.width}, context {integer(run.context_tokens)} tokens"))
    rows.append(("Training", f"{integer(run.budget_tokens)} tokens a run, {run.optimizer}, {run.schedule} schedule, "
                             f"learning rate {run.learning_rate}"))
    rows.append(("Scored on", "; ".join(
        f"{domain}: {integer(score.documents)} documents, {size(score.bytes)}"
        for domain, score in facts.comparison.runs[0].domains.items())
        + f" ({facts.split} part of the held-out documents, the same for all runs)"))
    return el("dl", *(join([el("dt", name), el("dd", value)]) for name, value in rows), class_="facts")


def _how_the_arms_differ(facts: Facts) -> Html:
    """A table of all that an arm has otherwise than the baseline, and a warning where that is more than one thing."""
    rows = [(arm, each.where or "mixture", each.parameter, each.baseline, each.arm)
            for arm, found in facts.arm_differences.items() for each in found]
    if not rows:
        return p("No arm differs from the baseline in what it is trained on.", class_="soft")
    columns = [("arm", "t"), ("where", "t"), ("parameter", "t"), (facts.baseline, "t"), ("the arm", "t")]
    whole = [table(columns, rows, "How the arms differ")]
    if several := [(arm, len(found)) for arm, found in facts.arm_differences.items() if len(found) > 1]:
        told = "; ".join(f"{arm} differs from {facts.baseline} in {number} things" for arm, number in several)
        whole.append(el("div", p(
            el("strong", "More than one thing differs. "), f"{told}. The verdict is about all of them together: "
            "it does not say which of them did it. An arm for each alone would."), class_="notice", role="note"))
    return el("div", *whole)


def differences(facts: Facts) -> Html:
    """The forest plot, and the table with everything behind it."""
    results = facts.scored()
    if not results:
        return section("differences", "Differences", p("Nothing was scored."))
    metric, several = facts.metric, len(facts.arms) > 1
    rows = [
        svg.ForestRow(
            f"{domain} · {arm}" if several else domain, facts.series(arm), result.delta, result.ci95_low,
            result.ci95_high, result.equivalence_margin, _marked(metric, result.verdict))
        for arm, domain, result in sorted(results, key=lambda each: facts.domains.index(each[1]))
    ]
    title = f"Difference from {facts.baseline} by domain"
    unit = f"{metric.unit}, arm minus {facts.baseline}"
    xlabel = (("better than the baseline", unit, "worse") if metric.lower_is_better else
              ("worse than the baseline", unit, "better"))
    whole, *close = svg.forest_extents(rows)
    plots = [svg.figure(
        svg.forest(rows, title, xlabel, whole, metric.digits),
        "Marks are mean differences over seeds, bars 95 % intervals over seeds and documents. The shaded band is the "
        "region of practical equivalence: differences that two runs of one recipe show by their seeds alone. Intervals "
        "are not adjusted for the number of domains; verdicts are.")]
    plots += [svg.figure(svg.forest(rows, f"{title}, near zero", xlabel, extent, metric.digits),
                         "The same, near zero: arrows point at what lies beyond.") for extent in close]
    columns = [("domain", "t"), ("arm", "t"), ("baseline", "n"), ("arm", "n"), ("Δ", "n"), ("Δ, %", "n"),
               ("95 % interval of Δ", "n"), ("p", "n"), ("Holm p", "n"), ("verdict", "t")]
    main = table(columns, [
        (domain, arm, metric.shown(r.baseline), metric.shown(r.arm), metric.difference(r.delta),
         signed(r.delta_percent, 2), _interval(metric, r), p_value(r.p_value), p_value(r.p_holm),
         _marked(metric, r.verdict)) for arm, domain, r in results],
        f"Differences from {facts.baseline} in {metric.unit}: Δ is arm minus baseline, {metric.direction}.",
        row_headers=2)
    return section(
        "differences", "Differences", *plots, main, _behind(metric, results), _per_seed(facts, results),
        _reading(facts))


def _interval(metric: Metric, result: Difference) -> str:
    if result.ci95_low is None:
        return MISSING
    return f"{metric.difference(result.ci95_low)} to {metric.difference(result.ci95_high)}"


def _behind(metric: Metric, results: list[tuple[str, str, DomainResult]]) -> Html:
    names = [("domain", "t"), ("arm", "t")]
    errors = table(
        [*names, ("interval", "t"), ("degrees of freedom", "n"), ("SE, seeds", "n"), ("SE, documents", "n"),
         ("SE, total", "n"), ("clusters", "n"), ("correlation of pairs", "n")],
        [(domain, arm, r.method or "none", decimal(r.seeds_df, 1),
          *(metric.shown(error, 1) for error in (r.se_seed, r.se_documents, r.se_total)),
          "one" if r.cluster_unit == "document" else integer(r.clusters), decimal(r.pair_correlation, 2))
         for arm, domain, r in results],
        f"Standard errors (SE) in {metric.unit}.", row_headers=2)
    tests = table(
        [*names, ("p", "n"), ("Holm p", "n"), ("equivalence, Holm p", "n"), ("sign-flip p", "n"),
         ("least possible sign-flip p", "n"), ("detectable effect", "n"), ("seeds needed", "n")],
        [(domain, arm, *map(p_value, (r.p_value, r.p_holm, r.equivalence_p_holm, r.sign_flip_p_value,
                                      r.sign_flip_smallest_p_value)),
          metric.shown(r.minimum_detectable_effect), integer(r.seeds_needed))
         for arm, domain, r in results],
        f"Tests and power. Detectable effect, in {metric.unit}: what these seeds find with 80 % power at 5 %, "
        "two-sided. Seeds needed: an arm, for a true effect as large as the one measured, with 80 % power at 5 % "
        "divided by the number of domains.", row_headers=2)
    pooling = el("ul", *(el("li", f"{domain}, {arm}: ", r.pooling.reason, ".") for arm, domain, r in results))
    return fold("How sure: standard errors, tests, power", errors, tests,
                p("Why variances were pooled with the baseline's, or not:"), pooling)


def _per_seed(facts: Facts, results: list[tuple[str, str, DomainResult]]) -> Html:
    seeds = sorted({each.seed for _, _, r in results for each in r.deltas})
    if not seeds:
        return Html("")
    rows = []
    for arm, domain, r in results:
        by_seed = {each.seed: each.delta for each in r.deltas}
        rows.append((domain, arm, *(facts.metric.difference(by_seed.get(seed)) for seed in seeds)))
    return fold("Differences seed by seed", table(
        [("domain", "t"), ("arm", "t"), *((f"seed {seed}", "n") for seed in seeds)], rows,
        f"Arm minus {facts.baseline} with the same seed, on the same documents, in {facts.metric.unit}.",
        row_headers=2))


def _reading(facts: Facts) -> Html:
    return fold(
        "How the figures are made",
        p(f"A run's figure is {facts.metric.made}. "
          "Differences are taken seed by seed on the same documents. Two sources of error are added in squares: seeds "
          "(the standard error of the mean difference) and documents (a paired bootstrap that draws whole clusters of "
          "documents that belong together, with replacement). Each source has its own half-width by "
          "Student's t (seeds: by their degrees of freedom; documents: clusters less one); the interval adds these in "
          "squares. It covers the truth at least 95 times in 100, more often with very few seeds."),
        p("‘paired’ uses the differences alone (n − 1 degrees of freedom). ‘pooled’ is used where no arm is dominated "
          "by one source and variances look equal: one variance for the baseline, its control and the arm, runs taken "
          "as independent. ‘welch’ is used where seeds are not shared. The choice does not look at the differences; "
          "all that apply are in comparison.json."),
        p("A verdict of better or worse needs p ≤ 0.05 after Holm's correction over the domains of the arm, at least "
          "two seeds, and an A/A control that finds nothing. Practically equivalent means that two one-sided tests "
          "place the difference within the shaded band. Everything else is undecided. The sign-flip test assumes "
          "nothing about distributions; with few seeds it cannot give a small p, so its least possible value stands "
          "beside it."),
        p("There are several arms; the correction runs over the domains of each arm, not over arms.")
        if len(facts.arms) > 1 else "")


def control(facts: Facts) -> Html:
    """The baseline against itself: the noise, and whether the method cries wolf."""
    metric, found = facts.metric, facts.comparison.a_a.domains
    if not found:
        return section("control", "A/A control", p(
            "There is none: the baseline was not trained again with other seeds. Without it no verdict is given."))
    alarms = [domain for domain, result in found.items() if result.false_positive]
    tested = [domain for domain, result in found.items() if result.false_positive is not None]
    said = (
        "With one run a side the control gives the noise but no test." if not tested else
        f"The control finds nothing, as it should: {facts.baseline} does not differ from itself." if not alarms else
        f"The control finds a difference where there is none, on {', '.join(alarms)}. Verdicts there are withheld.")
    count = len(facts.groups.get(A_A, ()))
    rows = [
        (domain, metric.difference(r.delta), _interval(metric, r), p_value(r.p_holm),
         MISSING if r.false_positive is None else "difference" if r.false_positive else "none",
         metric.shown(r.sigma, 1), f"{metric.shown(r.sigma_ci95_low, 1)} to {metric.shown(r.sigma_ci95_high, 1)}",
         f"±{metric.shown(r.equivalence_margin)}")
        for domain, r in found.items()
    ]
    return section(
        "control", "A/A control",
        p(f"The baseline {facts.baseline} was trained again with {count} other seed{'s' if count != 1 else ''} and "
          "compared with itself by the same method. ", said),
        table([("domain", "t"), ("Δ", "n"), ("95 % interval", "n"), ("Holm p", "n"), ("found", "t"),
               ("noise σ of one run", "n"), ("95 % interval of σ", "n"), ("practically equivalent within", "n")], rows,
              f"The baseline against itself, in {metric.unit}. Two runs of one recipe differ by less than 1.96·√2·σ 95 "
              "times in 100: that is the region of practical equivalence."))


def every_run(facts: Facts) -> Html:
    """Each run's figure, as dots and as a table."""
    metric, runs = facts.metric, facts.comparison.runs
    figures = []
    for domain in facts.domains:
        rows = []
        for group in facts.groups:
            values = [run.domains[domain].figure for run in runs if run.group == group and domain in run.domains]
            if values:
                label = A_A_LABEL if group == A_A else group
                rows.append(svg.DotRow(label, facts.series(group), values, hollow=group == A_A))
        if rows:
            title = f"Every run on {domain}"
            chart = svg.dots(rows, title, metric.unit, metric.digits)
            figures += [
                el("h3", domain), el("div", chart, class_="scroll", tabindex="0", role="region", aria_label=title)]
    columns = [("run", "t"), ("arm", "t"), ("seed", "n"), *((domain, "n") for domain in facts.domains)]
    body = [
        (run.run, f"{run.arm} ({A_A_LABEL})" if run.group == A_A else run.arm, str(run.seed),
         *(metric.shown(run.domains[domain].figure if domain in run.domains else None, 1)
           for domain in facts.domains))
        for run in runs
    ]
    sizes = ", ".join(
        f"{domain} {decimal(score.bytes / score.tokens, 2)}" for domain, score in runs[0].domains.items())
    return section(
        "runs", "Every run",
        p("Each mark is one run; the bar and the figure are the mean of its group. Hollow marks are the "
          f"{A_A_LABEL}. Axes differ from domain to domain."), *figures,
        fold("Table of all runs", table(
            columns, body, f"Each run by domain, in {metric.unit}. Bytes per token of the held-out text: {sizes}.")))
