"""Language variants, `-{flags|zh-hans:…;zh-hant:…}-`: of each visible group one variant, the first that is written.

After MediaWiki's language converter. Flags: `H` (a rule for the rest of the page), `T` (of the title), `-` (takes a
rule back) show nothing; `A`, `D`, `R`, `S`, `N` and lists of variants show the content.
"""

import re

# Languages whose wikis have the converter; elsewhere `-{` is text.
CONVERTED = frozenset(["zh", "sr", "sh", "kk", "ku", "uz", "iu", "gan", "wuu", "shi", "zgh", "tg", "crh", "ban", "tly"])

_GROUP = re.compile(r"-\{(?!\{)([^{}]{0,3000})\}-")
_RULE = re.compile(r"\s*(?:[^:;]{0,100}=>\s*)?([a-z][a-z-]{1,20})\s*:\s*(.*)", re.S)
_FLAGS = re.compile(r"[A-Za-z;\s-]*$")
_SILENT_FLAGS = frozenset("HT-")
_DEEPEST = 10  # groups inside groups; MediaWiki's own bound


def without_variants(text: str) -> str:
    """The text with one variant of each visible group; groups inside one another from the inside."""
    for _ in range(_DEEPEST):
        text, times = _GROUP.subn(_shown, text)
        if not times or "-{" not in text:
            break
    return text


def _shown(match: re.Match[str]) -> str:
    flags, bar, content = match[1].partition("|")
    if not bar or not _FLAGS.match(flags):
        content, flags = match[1], ""
    if not _SILENT_FLAGS.isdisjoint(flag.strip().upper() for flag in flags.split(";")):
        return ""
    if "R" in (flag.strip().upper() for flag in flags.split(";")):
        return content
    # `zh-hans:软件;zh-hant:軟體`: rules end at a `;` before another rule; content without rules is one for all.
    first = content.split(";", 1)[0]
    rule = _RULE.match(first)
    return rule[2].strip() if rule else content
