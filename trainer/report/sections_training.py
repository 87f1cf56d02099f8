"""Training: loss curves of every arm with the spread of its seeds, on its mixture and on held-out documents."""

from maslin.trainer.comparison.compare import A_A
from maslin.trainer.numbers import decimal, integer
from maslin.trainer.report import svg
from maslin.trainer.report.facts import Facts
from maslin.trainer.report.html import Html, fold, p, section, table


def training(facts: Facts) -> Html:
    if not facts.curves:
        return section("training", "Training", p("No run logged its loss."))
    lines = [svg.Curve(group, facts.series(group), curve) for group, curve in facts.curves.items() if group != A_A]
    figure = svg.figure(
        svg.curves(lines, "Training loss", "tokens trained", "loss, nats per token"),
        "Training loss of each arm on its own mixture: the mean over seeds, and from the lowest to the highest seed. "
        "Curves of different mixtures are not comparable as verdicts, because some text is easier than other; the "
        "first tenth may run off the top.") if lines else ""
    rows = [
        (name, str(run.seed), integer(run.tokens), decimal(run.final_loss_nats))
        for name, run in facts.runs.items()
    ]
    return section("training", "Training", figure, *_validation(facts), table(
        [("run", "t"), ("seed", "n"), ("tokens", "n"), ("final loss, nats per token", "n")], rows,
        "Every run, with the mean loss of its last twentieth of steps, on its own training mixture."))


def _validation(facts: Facts) -> list[Html]:
    """A figure for each domain, and what is drawn as a table."""
    if not facts.validation:
        return []
    parts: list[Html] = [p(
        "On its way every run was asked for its loss on the same small part of the held-out documents of each domain. "
        "Unlike the curves above these can be compared: all arms read the same texts. They show when arms part; the "
        "verdict is of the whole evaluation, not of these.")]
    rows = []
    for domain, curves in facts.validation.items():
        shown = {group: curve for group, curve in curves.items() if group != A_A}
        lines = [svg.Curve(group, facts.series(group), curve) for group, curve in shown.items()]
        title = f"Loss on held-out documents of {domain} while training"
        if lines and max(len(curve) for curve in shown.values()) > 1:
            parts.append(svg.figure(
                svg.curves(lines, title, "tokens trained", "loss, nats per token"),
                f"{title}. The mean over seeds, and from the lowest to the highest seed; the first tenth may run off "
                "the top."))
        rows += [(domain, group, integer(round(tokens)), decimal(mean), decimal(low), decimal(high))
                 for group, curve in shown.items() for tokens, mean, low, high in curve]
    columns = [("domain", "t"), ("arm", "t"), ("tokens", "n"), ("loss, nats per token", "n"), ("lowest seed", "n"),
               ("highest seed", "n")]
    return [*parts, fold("The losses on held-out documents as a table", table(
        columns, rows, "Loss on held-out documents while training", row_headers=2))]
