"""Gopher's repetition and quality measures and FineWeb's in plain Python, as datatrove computes them."""

import re
from collections import Counter

from maslin.curation.text.spacy.tables import MARK, TERMINAL, class_of


def repetition(text: str, words: list[str]) -> dict[str, float | None]:
    measures: dict[str, float | None] = {}
    for name, segments in (("para", re.split(r"\n{2,}", text.strip())), ("line", re.split(r"\n+", text))):
        count, characters = repeated(segments)
        measures[f"dup_{name}_frac"] = count / len(segments)
        measures[f"dup_{name}_char_frac"] = characters / len(text)
    for n in range(2, 5):
        grams = Counter(" ".join(words[i : i + n]) for i in range(len(words) - n + 1))
        gram, count = grams.most_common(1)[0] if grams else ("", 0)
        measures[f"top_{n}_gram"] = len(gram) * count / len(text) if grams else None
    for n in range(5, 11):
        seen, characters, i = set(), 0, 0
        while i + n <= len(words):
            gram = "".join(words[i : i + n])
            characters += len(gram) if gram in seen else 0
            i += n if gram in seen else 1
            seen.add(gram)
        measures[f"dup_{n}_gram"] = characters / len(text)
    return measures


def quality(text: str, words: list[str], stop_words: tuple[str, ...]) -> dict[str, float | None]:
    plain = [word for word in words if any(not class_of(ord(ch)) & MARK for ch in word)]
    lines = text.splitlines()

    def share(count: int, of: int) -> float | None:
        return count / of if of else None

    return {
        "n_words": len(words), "n_non_symbol_words": len(plain),
        "avg_word_len": share(sum(map(len, plain)), len(plain)),
        "hash_ratio": share(text.count("#"), len(words)),
        "ellipsis_ratio": share(text.count("...") + text.count("…"), len(words)),
        "bullet_lines_ratio": share(sum(line.lstrip().startswith(("•", "-")) for line in lines), len(lines)),
        "ellipsis_lines_ratio": share(sum(line.rstrip().endswith(("...", "…")) for line in lines), len(lines)),
        "alpha_ratio": share(sum(any(map(str.isalpha, word)) for word in words), len(words)),
        "stop_words": len(set(stop_words) & set(words)),
    }


def fineweb(text: str, words: list[str]) -> dict[str, float | None]:
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines:
        return dict.fromkeys(("line_punct_ratio", "short_line_ratio", "char_dup_ratio", "list_ratio"))
    return {
        "line_punct_ratio": sum(bool(class_of(ord(line[-1])) & TERMINAL) for line in lines) / len(lines),
        "short_line_ratio": sum(len(line) <= 30 for line in lines) / len(lines),
        "char_dup_ratio": repeated(lines)[1] / len(text.replace("\n", "")),
        "list_ratio": text.count("\n") / len(words),
    }


def repeated(segments: list[str]) -> tuple[int, int]:
    seen, count, characters = set(), 0, 0
    for segment in segments:
        if segment in seen:
            count, characters = count + 1, characters + len(segment)
        seen.add(segment)
    return count, characters
