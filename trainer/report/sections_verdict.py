"""The first pages of a report: question and verdict, differences, the A/A control, every run by itself."""

from maslin.manifests.workspace import not_had
from maslin.trainer.comparison.compare import A_A
from maslin.trainer.comparison.metrics import Metric
from maslin.trainer.comparison.results import Difference, DomainResult, NotScored
from maslin.trainer.comparison.verdict import (
    BETTER,
    EQUIVALENT,
    NOT_PRIMARY,
    UNDECIDED,
    WORSE,
    confidence_text,
    difference_text,
    interval_text,
    rounds_sentence,
)
from maslin.trainer.numbers import MISSING, decimal, integer, p_value, percent, signed, size
from maslin.trainer.report import svg
from maslin.trainer.report.facts import Facts
from maslin.trainer.report.html import Html, el, fold, join, p, section, table

A_A_LABEL = "A/A control"
MOST_LEFT = 0.01  # of a domain's held-out n-grams, in an arm's training data


def _listed(names: list[str]) -> Html:
    parts = [el("strong", name) for name in names]
    return parts[0] if len(parts) == 1 else Html(f"{join(parts[:-1], ', ')} and {parts[-1]}")


def _marked(metric: Metric, verdict: str) -> str:
    """A verdict behind its sign: which way the figure went."""
    better, worse = "▼▲" if metric.lower_is_better else "▲▼"
    signs = {BETTER: better, WORSE: worse, EQUIVALENT: "≈", UNDECIDED: "?", NOT_PRIMARY: "·"}
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
    if facts.comparison.rounds is not None:
        answers.append(p(rounds_sentence(facts.comparison.rounds)))
    return section(
        "verdict", "Verdict", asked, *answers, _notices(facts), _how_the_arms_differ(facts), _rests_on(facts),
        *_evaluation_sets(facts))


def _card(metric: Metric, domain: str, result: DomainResult | NotScored) -> Html:
    figure = MISSING
    if isinstance(result, DomainResult):
        figure = f"{difference_text(metric, result)}, {interval_text(metric, result)}"
    return el("li", el("b", f"{domain}: {_marked(metric, result.verdict)}"), el("span", figure, class_="figure"),
              result.reason, class_=result.verdict.replace(" ", "-"))


def _notices(facts: Facts) -> Html:
    lacking = [f"{step.directory} ({len(lost):,} paths)" for step, manifest in facts.steps
               if (lost := not_had(manifest))]
    incomplete = [step.directory for step, manifest in facts.steps if not manifest.complete and not not_had(manifest)]
    limited = sorted({source.name for source in facts.sources if source.limit})
    notes = []
    if incomplete:
        notes.append(p(el("strong", "Incomplete input. "), "More records failed than the recipe allows in: ",
                       ", ".join(incomplete), ". The figures stand on what could be read."))
    if lacking:
        notes.append(p(el("strong", "Incomplete input. "), "Paths of a crawl could not be had in: ",
                       ", ".join(lacking), ". The figures stand on what could be read."))
    if leaked := [f"{share:.1%} of {domain} in {arm}" for arm, by_domain in facts.held_out_left.items()
                  for domain, share in by_domain.items() if share > MOST_LEFT]:
        notes.append(p(el("strong", "Held-out text in training. "), "Parts of held-out documents stand in what "
                       "runs are trained on: ", "; ".join(leaked), ". Scores there are better than they should be."))
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
    if facts.how_held_out:
        rows.append(("Held out", "; ".join(f"{domain}: {how}" for domain, how in facts.how_held_out.items())))
    if facts.held_out_left:
        words = facts.recipe["comparison"]["overlap"]["ngram_words"]
        rows.append(("Held out, yet in training", "; ".join(
            f"{arm}: " + ", ".join(f"{domain} {percent(share, 2)}" for domain, share in by_domain.items())
            for arm, by_domain in facts.held_out_left.items() if by_domain)
            + f" of word {words}-grams at most ({percent(MOST_LEFT, 0)} or less is well)"
            + (f"; {integer(facts.held_out_common)} that are in many documents do not count"
               if facts.held_out_common else "")))
    return el("dl", *(join([el("dt", name), el("dd", value)]) for name, value in rows), class_="facts")


def _evaluation_sets(facts: Facts) -> list[Html]:
    """What of the recipe's evaluation sets was found in each arm's text and left with its documents."""
    if not facts.evaluation_sets:
        return []
    rows = [(each.name, each.arm, integer(each.items), integer(each.not_looked_for), integer(each.found),
             integer(each.documents), integer(each.standing)) for each in facts.evaluation_sets]
    columns = [("evaluation set", "t"), ("arm", "t"), ("items", "n"), ("not looked for", "n"), ("found", "n"),
               ("documents that left", "n"), ("items still standing", "n")]
    return [table(columns, sorted(rows),
                  "Evaluation sets in what the arms train on, before and after decontamination. Not looked for: too "
                  "short, or the same in many items.", row_headers=2)]


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
            f"{domain} · {arm}" if several else domain, facts.series(arm), result.delta, *_bounds(result),
            result.equivalence_margin, _marked(metric, result.verdict))
        for arm, domain, result in sorted(results, key=lambda each: facts.domains.index(each[1]))
    ]
    title = f"Difference from {facts.baseline} by domain"
    unit = f"{metric.unit}, arm minus {facts.baseline}"
    xlabel = (("better than the baseline", unit, "worse") if metric.lower_is_better else
              ("worse than the baseline", unit, "better"))
    whole, *close = svg.forest_extents(rows)
    plots = [svg.figure(
        svg.forest(rows, title, xlabel, whole, metric.digits),
        "Marks are differences of means over runs, bars intervals over runs and documents at the level that each "
        "difference was tested at, so that a bar excludes zero exactly where Holm's correction leaves a difference. "
        "The shaded band is what was to count as practically nothing: "
        f"{facts.comparison.settings.margin_percent:g} % of the baseline's figure.")]
    plots += [svg.figure(svg.forest(rows, f"{title}, near zero", xlabel, extent, metric.digits),
                         "The same, near zero: arrows point at what lies beyond.") for extent in close]
    columns = [("domain", "t"), ("arm", "t"), ("baseline", "n"), ("arm", "n"), ("Δ", "n"), ("Δ, %", "n"),
               ("interval of Δ", "n"), ("level", "n"), ("p", "n"), ("Holm p", "n"), ("verdict", "t")]
    main = table(columns, [
        (domain, arm, metric.shown(r.baseline), metric.shown(r.arm), metric.difference(r.delta),
         signed(r.delta_percent, 2), *_interval(metric, r), p_value(r.p_value), p_value(r.p_holm),
         _marked(metric, r.verdict)) for arm, domain, r in results],
        f"Differences from {facts.baseline} in {metric.unit}: Δ is arm minus baseline, {metric.direction}.",
        row_headers=2)
    return section(
        "differences", "Differences", *plots, main, _behind(metric, results), _per_seed(facts, results),
        _reading(facts))


def _bounds(result: Difference) -> tuple[float | None, float | None]:
    """The interval at the level that was tested at; where nothing was, the one of 95 % alone."""
    if result.told_low is None:
        return result.ci95_low, result.ci95_high
    return result.told_low, result.told_high


def _interval(metric: Metric, result: Difference) -> tuple[str, str]:
    """The interval, and its level."""
    low, high = _bounds(result)
    if low is None:
        return MISSING, MISSING
    level = confidence_text(0.95 if result.told_confidence is None else result.told_confidence)
    return f"{metric.difference(low)} to {metric.difference(high)}", level


def _behind(metric: Metric, results: list[tuple[str, str, DomainResult]]) -> Html:
    names = [("domain", "t"), ("arm", "t")]
    errors = table(
        [*names, ("SE, arm", "n"), ("df", "n"), ("SE, baseline", "n"), ("df", "n"), ("SE, documents", "n"), ("df", "n"),
         ("SE, total", "n"), ("clusters", "n"), ("effective", "n")],
        [(domain, arm, metric.shown(r.se_arm, 1), integer(r.arm_df), metric.shown(r.se_baseline, 1),
          integer(r.baseline_df), metric.shown(r.se_documents, 1), decimal(r.documents_df, 1),
          metric.shown(r.se_total, 1), integer(r.clusters), decimal(r.effective_clusters, 1))
         for arm, domain, r in results],
        f"Standard errors (SE) in {metric.unit}, with their degrees of freedom (df). Clusters are the sites or "
        "repositories that held-out documents are of; effective: as many equal ones tell as much.", row_headers=2)
    tests = table(
        [*names, ("p", "n"), ("Holm p", "n"), ("equivalence, Holm p", "n"), ("sign-flip p", "n"),
         ("least possible sign-flip p", "n"), ("detectable effect", "n")],
        [(domain, arm, *map(p_value, (r.p_value, r.p_holm, r.equivalence_p_holm, r.sign_flip_p_value,
                                      r.sign_flip_smallest_p_value)),
          metric.shown(r.minimum_detectable_effect))
         for arm, domain, r in results],
        f"Tests and power. Detectable effect, in {metric.unit}: what these seeds find with 80 % power, two-sided, at "
        "5 % divided by the number of tests.", row_headers=2)
    ways = table(
        [*names, ("said of", "t"), ("Δ", "n"), ("95 % interval for itself alone", "n"), ("p", "n")],
        [(domain, arm, _SAID_OF[way], metric.difference(each.delta),
          f"{metric.difference(each.ci95_low)} to {metric.difference(each.ci95_high)}", p_value(each.p_value))
         for arm, domain, r in results for way, each in r.intervals.items()],
        "Both ways of counting documents. Where fewer than five effective sites or repositories are held out, the "
        "first one is told; else the second.", row_headers=2)
    return fold("How sure: standard errors, tests, power", errors, tests, _seeds(results), ways)


_SAID_OF = {"these_clusters": "these sites or repositories", "beyond_these_clusters": "others like them"}


def _seeds(results: list[tuple[str, str, DomainResult]]) -> Html:
    """How many seeds find effects that are stated beforehand."""
    effects = [each.effect_percent for each in next((r.seeds_needed for _, _, r in results if r.seeds_needed), [])]
    if not effects:
        return Html("")
    return table(
        [("domain", "t"), ("arm", "t"), *((f"{effect:g} %", "n") for effect in effects)],
        [(domain, arm, *("none is enough" if each.seeds is None else integer(each.seeds) for each in r.seeds_needed))
         for arm, domain, r in results if r.seeds_needed],
        "Seeds an arm that find a true difference of so much of the baseline's figure four times in five, with these "
        "held-out documents.", row_headers=2)


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
        p(f"A run's figure is {facts.metric.made}. A difference is that of the mean over the arm's runs from the mean "
          "over all runs of the baseline, its control among them, on the same documents. Its error has three parts: "
          "the arm's runs, the baseline's runs, and the documents. Each has a half-width by Student's t with its own "
          "degrees of freedom, and these are added in squares. Nothing is pooled, and no choice of method looks at the "
          "differences. Simulated over hundreds of designs, intervals of 95 % hold the truth in 94 to 100 of 100 "
          "cases (93 where a few sites hold nearly all of the text)."),
        p("The documents' part counts whole sites or repositories, as their documents rise and fall together, and the "
          "fewer large ones there are, the fewer degrees of freedom it has. With fewer than five effective ones it "
          "counts documents within them, and the claim is of these sites or repositories alone."),
        p("A verdict of better or worse needs p ≤ 0.05 after Holm's correction over all arms and primary domains "
          f"({facts.comparison.settings.tests} tests), at least two seeds, and an A/A control that finds nothing. "
          "Practically equivalent means that two one-sided tests place the difference within the shaded band, which "
          "was stated before training. Everything else is undecided. The sign-flip test assumes nothing about "
          "distributions; with few seeds it cannot give a small p, so its least possible value stands beside it."))


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
        (domain, metric.difference(r.delta), *_interval(metric, r), p_value(r.p_holm),
         MISSING if r.false_positive is None else "difference" if r.false_positive else "none",
         metric.shown(r.sigma, 1), f"{metric.shown(r.sigma_ci95_low, 1)} to {metric.shown(r.sigma_ci95_high, 1)}")
        for domain, r in found.items()
    ]
    return section(
        "control", "A/A control",
        p(f"The baseline {facts.baseline} was trained again with {count} other seed{'s' if count != 1 else ''} and "
          "compared with itself by the same method. ", said),
        p("Which runs are the control follows from the seeds' numbers. It shares the spread of the baseline and the "
          "documents with every comparison, so it checks the noise and is no independent evidence."),
        table([("domain", "t"), ("Δ", "n"), ("interval", "n"), ("level", "n"), ("Holm p", "n"), ("found", "t"),
               ("noise σ of one run", "n"), ("95 % interval of σ", "n")], rows,
              f"The baseline against itself, in {metric.unit}."))


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
