"""Where a comparison grew round by round: its plan, fixed before the first look, every look, and why it ended."""

from maslin.trainer.comparison.results import RoundsResult
from maslin.trainer.comparison.verdict import confidence_text, rounds_sentence
from maslin.trainer.numbers import MISSING, integer, p_value, percent
from maslin.trainer.report.facts import Facts
from maslin.trainer.report.html import Html, el, fold, join, p, section, table


def rounds(facts: Facts) -> Html:
    """Nothing where it was looked once."""
    found, metric = facts.comparison.rounds, facts.metric
    if found is None:
        return Html("")
    looks = table(
        [("rounds", "n"), ("of the error spent", "n"), ("p that one test alone needed", "n"), ("claims open", "n")],
        [(integer(look.rounds), percent(look.spent, 1), p_value(look.level), integer(look.open))
         for look in found.looks], "The looks: rounds are seeds an arm, and as many of the control.")
    seen = table(
        [("domain", "t"), ("arm", "t"), ("rounds", "n"), ("Δ", "n"), ("interval of Δ", "n"), ("level", "n"),
         ("verdict then", "t")],
        [(domain, arm, integer(look.rounds), metric.difference(each.delta),
          MISSING if each.told_low is None else
          f"{metric.difference(each.told_low)} to {metric.difference(each.told_high)}",
          confidence_text(each.told_confidence) or MISSING, each.verdict)
         for arm in facts.arms for domain in facts.domains for look in found.looks
         if (each := look.found.get(arm, {}).get(domain)) is not None],
        f"What each look found, in {metric.unit}. A verdict stays as it was settled, with the figures of that look; "
        "later figures stand here alone.", row_headers=2)
    return section(
        "rounds", "Rounds", p(rounds_sentence(found)), _plan(facts, found), looks, fold("What each look found", seen),
        p("To look again and again at 5 % would err far more often than that. So of the 5 % a share of (k / rounds)³ "
          "is spent up to the look after k rounds, and each look is tested at the level that spends its part. All "
          "p and intervals of this report are of all looks together: they hold whenever it ends. "
          "The documents are the same at every look, so their part of the error does not shrink with rounds."))


def _plan(facts: Facts, found: RoundsResult) -> Html:
    plan, settings = found.plan, facts.comparison.settings
    rows = [
        ("Plan", f"{plan['digest']}, written down before the first look"),
        ("Rounds", f"at most {plan['rounds']}" + (
            "" if plan["minutes"] is None else
            f": as many as fitted into {plan['minutes']:g} minutes by the measured rate")),
        ("First look", f"after {plan['first_look']} rounds"),
        ("Error spent after k rounds", f"5 % · {plan['spent']}"),
        ("Claims", f"{settings.tests}: {', '.join(facts.arms)} on {', '.join(settings.primary)}")]
    if plan["scored_before"]:
        rows.append(("Known before", f"{plan['scored_before']} of the runs were trained and scored when the plan was "
                                     "fixed: who had seen their figures did not plan blindly"))
    return el("dl", *(join([el("dt", name), el("dd", value)]) for name, value in rows), class_="facts")
