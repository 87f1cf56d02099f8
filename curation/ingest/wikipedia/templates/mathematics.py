"""Formulas, fractions, numbers and symbols written as templates."""

import re

from maslin.curation.ingest.wikipedia.templates.arguments import Arguments, Shown, Table
from maslin.curation.ingest.wikipedia.templates.shown import argument, around, before, constant, joined, last

_ATOM = re.compile(r"[\w.,'′]+$")


def _formula(given: Arguments) -> str:
    inside = " ".join(given.get(1).split())
    return f"${inside}$" if inside else ""


def _grouped(text: str) -> str:
    """In parentheses where it is more than a number or letter."""
    return text if _ATOM.match(text) else f"({text})"


def _fraction(given: Arguments) -> str:
    """{{frac|3|1|2}}: three and a half; {{sfrac|3n + 1|2}}."""
    parts = given.filled()[:3]
    if not parts:
        return ""
    whole, above, below = [*([""] * (3 - len(parts))), *parts]
    return f"{whole} {_grouped(above or '1')}/{_grouped(below)}".strip()


def _root(given: Arguments) -> str:
    degree = {"3": "∛", "4": "∜"}.get(given.get(2), f"{given.get(2)}√" if given.get(2) not in ("", "2") else "√")
    return degree + _grouped(given.get(1))


def _value(given: Arguments) -> str:
    """{{val|1.23|0.05|e=6|u=m}}."""
    number, second, third = given.get(1), given.get(2), given.get(3)
    if second and third and second[0] not in "(±":
        number += f" +{second.lstrip('+')} −{third.lstrip('-−')}" if second not in ("-", "–", "to") else f"–{third}"
    elif second:
        number += second if second.startswith("(") else f"±{second.lstrip('±')}"
    power = f"×10^{given.get('e')}" if given.get("e") else ""
    if power and "±" in number:
        number = f"({number})"
    unit = given.get("u", "ul")
    below = given.get("up", "upl")
    unit += f"/{below}" if below else ""
    tight = unit[:1] in ("%", "°", "'", '"') and unit[:2] not in ("°C", "°F")
    gap = "" if tight or not unit else " "
    return f"{given.get('p')}{number}{power}{given.get('s')}{gap}{unit}".strip()


def _matrix_element(given: Arguments) -> str:
    return f"⟨{'|'.join(given.filled())}⟩"


def _indices(given: Arguments) -> str:
    """{{su|p=2|b=i}}."""
    above, below = given.get("p", 1), given.get("b", 2)
    return (f"<sub>{below}</sub>" if below else "") + (f"<sup>{above}</sup>" if above else "")


def _indexed(given: Arguments) -> str:
    """{{subsup|x|i|2}}."""
    above = f"<sup>{given.get(3)}</sup>" if given.get(3) else ""
    return f"{given.get(1)}<sub>{given.get(2)}</sub>{above}"


def _nuclide(given: Arguments) -> str:
    return "-".join(given.filled()[:2])


def _binomial(given: Arguments) -> str:
    return f"({given.get(1)} choose {given.get(2)})"


_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}
_ROMAN = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"),
    (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)


def _whole(given: Arguments, most: int) -> int | None:
    written = given.get(1).replace(",", "")
    number = int(written) if written.isascii() and written.isdigit() and len(written) < 7 else None
    return number if number is not None and number <= most else None


def _in_words(given: Arguments) -> str:
    """{{number to words|21}}: twenty-one; beyond a hundred the digits."""
    number = _whole(given, 99)
    if number is None:
        return given.get(1)
    if number < len(_ONES):
        return _ONES[number]
    return _TENS[number // 10 - 2] + (f"-{_ONES[number % 10]}" if number % 10 else "")


def _ordinal_in_words(given: Arguments) -> str:
    """{{ordinal to word|21}}: twenty-first."""
    words, dash, last_word = _in_words(given).rpartition("-")
    if not last_word.isalpha():
        return words + dash + last_word
    regular = f"{last_word.removesuffix('t')}th" if not last_word.endswith("y") else f"{last_word[:-1]}ieth"
    return words + dash + _ORDINALS.get(last_word, regular)


def _roman(given: Arguments) -> str:
    number = _whole(given, 3999)
    if not number:
        return given.get(1)
    shown = ""
    for value, sign in _ROMAN:
        shown += sign * (number // value)
        number %= value
    return shown


def _percentage(given: Arguments) -> str:
    """{{percentage|1|8|1}}: of two numbers the one in hundredths of the other, to so many decimals."""
    try:
        part, whole, decimals = (float(given.get(place).replace(",", "") or 0) for place in (1, 2, 3))
        return f"{100 * part / whole:.{int(min(max(decimals, 0), 9))}f}%"
    except (ValueError, ZeroDivisionError, OverflowError):
        return given.get(1)


def _plus_minus(given: Arguments) -> str:
    """{{±|0.05}}, {{±|0.05|0.02}}."""
    above, below = given.get(1), given.get(2)
    return f"+{above} −{below}" if below else f"±{above}"


def _interval(opening: str, closing: str) -> Shown:
    """{{open-closed|0|1}}: (0, 1]."""
    return lambda given: f"{opening}{', '.join(given.filled()[:2])}{closing}"


_SYMBOLS = {
    "pi": "π", "tau": "τ", "infty infinity ∞": "∞", "degree deg °": "°", "minus": "−", "times ×": "×", "cdot ⋅": "⋅",
    "ne ≠ neq": "≠", "le ≤": "≤", "approx ≈": "≈", "prime": "′",
    "epsilon": "ε", "phi": "φ", "lambda": "λ", "mu": "μ", "sigma": "σ", "theta": "θ", "omega": "ω",
    "emptyset": "∅", "permille": "‰",
}

MATHEMATICS: Table = (
    ("tmath", _formula),
    ("math bigmath big_math mvar mathtext mathbf mathit mathcal bb vec mathsf",
     argument(1)),
    ("frac fraction sfrac", _fraction),
    ("sqrt radic root radical", _root),
    ("abs", around("|", "|")),
    ("norm", around("‖", "‖")),
    ("ceil", around("⌈", "⌉")),
    ("floor", around("⌊", "⌋")),
    ("bra", around("⟨", "|")),
    ("ket", around("|", "⟩")),
    ("bra-ket braket", _matrix_element),
    ("angle", around("⟨", "⟩")),
    ("mset set brace braces", around("{", "}")),
    ("paren parentheses", around("(", ")")),
    ("val", _value),
    ("plusminus pm ± plus-minus +-", _plus_minus),
    ("number_to_words spellnum numtext numtext/s cardinal_to_word num2words", _in_words),
    ("ordinal_to_word", _ordinal_in_words),
    ("roman roman_numeral rn", _roman),
    ("nts ntsc number_table_sorting formatnum", argument(1)),
    ("su", _indices),
    ("subsup sub_sup sup_sub", _indexed),
    ("overset underset", last),
    ("e", before("×10^")),
    ("10^ 10e", before("10^")),
    ("x10^ e10 ×10^", before("×10^")),
    ("exp", before("e^")),
    ("binom binomial", _binomial),
    ("percentage percent pct", _percentage),
    ("closed-closed", _interval("[", "]")), ("open-open", _interval("(", ")")),
    ("closed-open", _interval("[", ")")), ("open-closed", _interval("(", "]")),
    ("intmath", lambda given: "∫" + given.get(2)),
    ("chem", joined("")),
    ("chem2", argument(1)),
    ("nuclide nuclide2 simplenuclide simplenuclide2 isotope", _nuclide),
    ("subatomicparticle subatomic_particle", argument(2, 1)),
    *((names, constant(symbol)) for names, symbol in _SYMBOLS.items()),
)
