"""The gaps that left-out templates and links leave: what stood around them and has lost its sense goes, too."""

from maslin.curation.ingest.wikipedia.sentinels import GONE

_SEPARATORS = " \t\n,;:，、；：·/"
_POINTS = (",", ".", ";", ":", "，", "。", "、", "；", "：")
_ENUMERATING = (",", ";", "，", "、", "；")
_BRACKETS = {
    "(": ")", "[": "]", "（": "）", "〔": "〕", "［": "］", "【": "】",
    "“": "”", "«": "»", "‹": "›", "「": "」", "『": "』",
}
_CLOSING = tuple(_BRACKETS.values())
_LIST_MARKS = "*#:; "


def close_gaps(text: str) -> str:
    """Remove what stands around a gap without it: empty brackets, separators, spaces before points."""
    if GONE not in text:
        return text
    out: list[str] = []
    for index, part in enumerate(text.split(GONE)):
        if index:
            left = out[-1]
            bare = left.rstrip(_SEPARATORS)
            closing = _BRACKETS.get(bare[-1:])
            if closing is not None:
                left, part = bare, part.lstrip(_SEPARATORS)
                if part.startswith(closing):
                    left, part = left[:-1].rstrip(" "), part[1:]
            elif part.lstrip(_SEPARATORS).startswith(_CLOSING):
                left, part = bare, part.lstrip(_SEPARATORS)
            elif part.lstrip(" ").startswith(_POINTS):
                left, part = left.rstrip(" "), part.lstrip(" ")
                if left.endswith(":") and part.startswith(_ENUMERATING):
                    part = part[1:]
                elif left.endswith(_ENUMERATING):  # of two separators the one behind the gap
                    left = left[:-1]
            marks = left.rstrip(_LIST_MARKS)
            if not marks or marks.endswith("\n"):
                part = part.lstrip(" ,;.")
            out[-1] = left
            if not part.strip(" "):  # nothing between two gaps but perhaps a space: the left side goes on
                if part and not left[-1:].isspace():
                    out[-1] += " "
                continue
        out.append(part)
    return "".join(out)
