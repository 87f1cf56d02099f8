"""Templates that format words or stand for a character."""

from maslin.curation.ingest.wikipedia.sentinels import APOSTROPHE
from maslin.curation.ingest.wikipedia.templates.arguments import Arguments, Table
from maslin.curation.ingest.wikipedia.templates.shown import argument, around, before, block, constant, joined, last

_ACCIDENTALS = {
    "flat": "♭", "b": "♭", "sharp": "♯", "#": "♯", "natural": "♮", "doubleflat": "𝄫", "bb": "𝄫", "doublesharp": "𝄪",
    "x": "𝄪",
}


def _unichar(given: Arguments) -> str:
    code = given.get(1).removeprefix("U+")
    try:
        character = chr(int(code, 16))
    except (ValueError, OverflowError):
        return f"U+{code}" if code else ""
    name = given.get(2, "name")
    shown = f"U+{code} {character}" if character.isprintable() else f"U+{code}"
    return f"{shown} {name.upper()}" if name and name != "none" else shown


def _ruby(given: Arguments) -> str:
    above = given.get(2)
    return f"{given.get(1)} ({above})" if above else given.get(1)


TEXT: Table = (
    ("""
     nowrap nobr nowraplinks nobreak small smaller big bigger larger large huge midsize nobold noitalic
      no_italic bold italic bold_italic strong em i strike
     underline overline smallcaps sc sc2 smallcaps_all center centre centered align_center left
     sic not_a_typo notatypo typo as_written proper_name chem_name mono tt code kbd samp var pre codett sxhl inline_code
     tooltip abbr abbrlink abbreviation unicode polytonic gloss translation
     wrap raised lowered vanchor visible_anchor format_price num highlight hl mark
     xt !xt awrap
     citation_needed_span cn_span fact_span clarify_span dubious_span disputed_span
     dfn sans-serif serif monospace hebrew script/hebrew nastaliq grc-tr iast char
     """, argument(1, "text", "content")),
    ("color colour font_color fontcolor background_color highlight_color script mirror resize font_size fontsize "
     "style align aligned div nowrapdiv rotate shift font background", last),
    ("quote cquote blockquote quotation bquote block_quote block_indent blockindent poemquote poem_quote "
     "poem_quotation pull_quote quotation_block rquote epigraph", block("text", "quote", "content", 1)),
    ("verse_translation verse", lambda given: "\n" + "\n\n".join(given.filled()) + "\n"),
    ("pre2 poem lyrics", block(1, "text")),
    ("\" “ quote_inline inline_quote", around("“", "”")),
    ("angbr angle_bracket angle_brackets angbr_ipa orth grapheme vr ⟨ ⟨⟩", around("⟨", "⟩")),
    ("ipaslink ipaplink ipa_phoneme", around("/", "/")),
    ("ipablink ipa_link", around("[", "]")),
    ("bracket brackets", around("[", "]")),
    ("literal_translation lit literal", around("lit. '", "'")),
    ("music", lambda given: _ACCIDENTALS.get(given.get(1), given.get(1))),
    ("key_press keypress key_combination key menu", joined("+")),
    ("linktext ltx", joined(" ")),
    ("bibleverse bibleref bibleref2 bible_verse bibleverse-lb bv", joined(" ")),
    ("gaps", joined("")),
    ("unichar unicode_char", _unichar),
    ("ruby ruby-ja ruby-zh ruby-zh-p ruby-py", _ruby),
    ("sup superscript", around("<sup>", "</sup>")),
    ("sub subscript", around("<sub>", "</sub>")),
    ("url", argument(2, 1)),
    ("plain_link plainlink plain_external_link", argument("name", "label", 2, 1)),
    ("ndash endash en_dash –", constant("–")),
    ("mdash emdash em_dash -- —", constant("—")),
    ("spaced_ndash spaced_en_dash snd spnd spndash dash ndashsp", constant(" – ")),
    ("snds spaced_em_dash mdashb spaced_mdash emdashb", constant(" — ")),
    ("· • dot middot bullet bull dotted_separator ,", constant(" · ")),
    ("nbsp space spaces thinsp hairspace hair_space hairsp thin_space nnbsp narrow_no-break_space indent in5 gap "
     "px2 sp ensp emsp figure_space pad", constant(" ")),
    ("' apostrophe", constant(APOSTROPHE)),
    ("'\" '_\"", constant(f'{APOSTROPHE}"')),
    ("\"' \"_'", constant(f'"{APOSTROPHE}')),
    ("'s", constant(f"{APOSTROPHE}s")),
    ("!", constant("|")),
    ("!!", constant("||")),
    ("=", constant("=")),
    ("( lbrace", constant("{")),
    (") rbrace", constant("}")),
    ("pipe vertical_bar", constant("|")),
    ("colon", constant(":")),
    ("\\ slash", constant(" / ")),
    ("* asterisk", constant("*")),
    ("hash", constant("#")),
    ("okina", constant("ʻ")),
    ("hamza", constant("ʼ")),
    ("ayin", constant("ʽ")),
    ("copyright", constant("©")),
    ("trademark tm", constant("™")),
    ("section_sign", before("§ ")),
    ("numero no. number", before("No. ")),
)
