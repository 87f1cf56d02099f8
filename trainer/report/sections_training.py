"""Training: loss curves of every arm with the spread of its seeds."""

from maslin.trainer.comparison.compare import A_A
from maslin.trainer.numbers import decimal, integer
from maslin.trainer.report import svg
from maslin.trainer.report.facts import Facts
from maslin.trainer.report.html import Html, p, section, table


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
    return section("training", "Training", figure, table(
        [("run", "t"), ("seed", "n"), ("tokens", "n"), ("final loss, nats per token", "n")], rows,
        "Every run, with the mean loss of its last twentieth of steps, on its own training mixture."))
