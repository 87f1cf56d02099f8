"""Formulas of pages: TeX where the page has it, once, and symbols that keep their meaning where it has none."""

import time

import pytest

from maslin.curation.ingest.html.page import main_text
from tests.curation.web_archives import LINE


def shown(inner: str) -> str:
    text = main_text(f"<div><div><div><div><p>{LINE}</p><p>x {inner} y</p></div></div></div></div>")
    return text.removeprefix(f"{LINE.strip()}\n\nx ").removesuffix(" y")


X2 = "<msup><mi>x</mi><mn>2</mn></msup>"


def tex(source: str, encoding: str = "application/x-tex") -> str:
    return f'<annotation encoding="{encoding}">{source}</annotation>'


DISPLAYSTYLE = "{\\displaystyle x^2}"


@pytest.mark.parametrize("inner, expected", [
    (f"<math><semantics><mrow>{X2}</mrow>{tex('x^2')}</semantics></math>", "$x^2$"),
    (f"<math><semantics>{X2}{tex(' a &lt; b ', 'TeX')}</semantics></math>",
     "$a < b$"),
    (f"<math>{X2}{tex(DISPLAYSTYLE)}</math>", "$x^2$"),
    (f"<math>{X2}{tex(DISPLAYSTYLE + '+{y}')}</math>", f"${DISPLAYSTYLE}+{{y}}$"),
    ("<math>x" + tex("\\(x^2\\)"), "\\(x^2\\)"),
    (f"<math>{X2}{tex('')}</math>", "x^2"),
    (f"<math>{X2}<annotation encoding=StarMath>x sup 2</annotation></math>", "x^2"),
    ("<script type='math/tex'>a&lt;b</script>", "$a&lt;b$"),  # a script has no references
    ("<script type='math/tex'>% <![CDATA[\n a < b & c \n%]]></script>", "$a < b & c$"),
    ("<script type='math/tex'><![CDATA[a]]></script>", "$a$"),
    ("<script>x^2</script>&amp;", "&"),
])
def test_tex_is_kept_between_dollars(inner, expected):
    assert shown(inner) == expected


@pytest.mark.parametrize("inner", [
    f"<span class=katex><span class=katex-mathml><math>{X2}{tex('x^2')}</math></span>"
    "<span class=katex-html aria-hidden=true><b>x</b><sup>2</sup></span></span>",
    f"<span class=mwe-math-element><span class=mwe-math-mathml-inline style='display: none;'><math>{X2}"
    f"{tex(DISPLAYSTYLE)}</math></span><img alt='x^2' aria-hidden=true></span>",
    "<span class=MathJax_Preview>[x2]</span><span class=MathJax id=MathJax-Element-1-Frame><nobr>x2</nobr><span class="
    f"MJX_Assistive_MathML><math>{X2}</math></span></span><script type='math/tex'>x^2</script>",
])
def test_a_formula_and_its_picture_are_one(inner):
    assert shown(inner) == "$x^2$"


def test_what_calls_itself_mathjax_and_is_none_stays():
    source = "<script type='math/tex'>x^2</script>"
    assert shown(f"<b class=MathJax_Process>x {source}</b> or <i class=MathJax>{X2}</i>") == "x $x^2$ or"
    assert shown("<b class=MathJax_Process>x</b>") == "x"
    assert shown(f"<mjx-container class=MathJax><mjx-math aria-hidden=true>x2</mjx-math><mjx-assistive-mml><math>{X2}"
                 "</math></mjx-assistive-mml></mjx-container>") == "x^2"


@pytest.mark.parametrize("inner", [
    "<math display=block><mi>x</mi>" + tex("x") + "</math>",
    "<script type='math/tex; mode=display'>x</script>",
])
def test_displayed_formulas_have_a_line(inner):
    assert main_text(f"<div><p>{LINE}</p><p>y {inner} z").endswith("\n\ny\n$$x$$\nz")


@pytest.mark.parametrize("inner, expected", [
    ("<mfrac><mn>1</mn><mn>12</mn></mfrac>", "1/12"),
    ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mrow><mi>c</mi></mrow></mfrac>", "(a+b)/c"),
    ("<mfrac><mfrac><mi>a</mi><mi>b</mi></mfrac><mi>c</mi></mfrac>", "(a/b)/c"),
    ("<msub><mi>x</mi><mrow><mi>i</mi><mo>+</mo><mn>1</mn></mrow></msub>", "x_(i+1)"),
    ("<munderover><mo>∑</mo><mi>i</mi><mi>n</mi></munderover><msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>",
     "∑_i^nx_i^2"),
    ("<msqrt><mn>2</mn></msqrt><msqrt><mi>a</mi><mi>b</mi></msqrt><mroot><mi>z</mi><mn>3</mn></mroot>",
     "√2√(ab)z^(1/3)"),
    ("<mo>[</mo><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr><mtr><mtd><mn>3</mn></mtd></mtr></mtable>"
     "<mo>]</mo>", "[1, 2; 3]"),
    ("<mi>f</mi><mo>&#8289;</mo><mfenced><mi>a</mi><mi>b</mi></mfenced>", "f(a, b)"),
    ("<mi>sin</mi>\n<mi>x</mi><mo> + </mo><mn>2</mn><mi>y</mi><mo>&InvisibleTimes;</mo><mi>z</mi>", "sin x+2yz"),
    ("<mn>1</mn><mfrac><mn>1</mn><mn>2</mn></mfrac><mtext>of  all</mtext><mphantom><mi>p</mi></mphantom>",
     "1 1/2of all"),
    ("<msup><mi/><mn>2</mn></msup><mspace width=1em /><mi>a</mi>", "^2a"),
])
def test_symbols_keep_their_meaning(inner, expected):
    assert shown(f"<math>{inner}</math>") == expected


def test_a_block_ends_a_formula_that_was_left_open():
    assert main_text(f"<div><p>{LINE}</p>x <math><mi>x</mi><p>y</math> z").endswith("\n\nx x\n\ny z")


@pytest.mark.parametrize("inner, expected", [
    ("10<sup>6</sup>", "10^6"), ("10<sup>−3</sup>", "10^−3"), ("10<sup>&minus;3</sup>", "10^−3"),
    ("10<sup> -<b>3</b></sup>", "10^ -3"), ("1<sup>1</sup>/<sub>2</sub>", "1 1/2"),
    ("<sup>1</sup>/<sub>2</sub>", "1/2"),
    ("2019<sup><a href=x>3</a></sup>", "2019 3"), ("m<sup>2</sup>", "m^2"), ("H<sub>2</sub>O", "H2O"),
    ("E=mc<sup>2</sup>", "E=mc^2"), ("O(<i>n</i><sup>2</sup>)", "O(n^2)"),
    ("5 km<sup>2</sup>", "5 km^2"), ("2<sup>n</sup>", "2^n"),
    ("s<sup>−1</sup>", "s^−1"), ("word<sup>2</sup>", "word2"), ("it<sup>2</sup>", "it2"), ("É<sup>2</sup>", "É2"),
    ("a<sup><a href=x>1</a></sup>", "a1"), ("n<sup>o</sup>", "no"), ("2<sup>e</sup>", "2e"), ("M<sup>me</sup>", "Mme"),
    ("1<sup>st</sup>", "1st"), ("2 <sup>3</sup>", "2 3"), ("2<sup></sup>3", "23"), ("2<sup>3a</sup>", "23a"),
])
def test_numbers_above_numbers_are_no_digits_of_them(inner, expected):
    assert shown(inner) == expected


@pytest.mark.parametrize("page", [
    "<math>" * 100_000 + "words", "<math>" + "<msup>" * 100_000 + "words", "<math><mfrac>" * 50_000 + "words",
    "words<math>" + "<mi>x" * 100_000, "words" + "<script type=math/tex>" * 50_000, "<p>words1<sup>" * 50_000,
    "words<math>" + "<msup><mrow>" * 250 + " " * 100_000 + "</mrow></msup>" * 250,
])
def test_made_up_formulas_take_no_time(page):
    began = time.process_time()
    assert "words" in main_text(page)
    assert time.process_time() - began < 2
