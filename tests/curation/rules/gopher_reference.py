"""Gopher's measures as DCLM, RedPajama-V2 and Dolma define them, in plain Python."""

import re
import string
import unicodedata
from collections import Counter
from statistics import median

from tests.curation.rules.word_break_reference import segments

STOP_WORDS = {"the", "be", "to", "of", "and", "that", "have", "with"}


def share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def n_grams(words: list[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def letters(words) -> int:
    return sum(map(len, words))


class Dclm:
    @staticmethod
    def paragraphs(text: str, end: str) -> list[str]:
        return [part.strip() for part in text.split(end) if part.strip()]

    @classmethod
    def quality(cls, text: str) -> dict:
        words, lines = text.split(), cls.paragraphs(text, "\n")
        counted = [word for word in re.split(r"[ \t\n\v\f\r\0]+", text) if word and word[0].isalnum()]
        return {
            "n_words": len(words), "n_non_symbol_words": len(counted),
            "avg_word_len": letters(words) / max(len(words), 1),
            "symbol_ratio": share(sum(map(text.count, ("#", "...", ". . .", "…"))), len(words)),
            "bullet_lines_ratio": share(sum(line.startswith(("●", "•", "*", "-")) for line in lines), len(lines)),
            "ellipsis_lines_ratio": share(sum(line.endswith(("...", ". . .", "…")) for line in lines), len(lines)),
            "alpha_ratio": share(sum(any(map(str.isalpha, word)) for word in words), len(words)),
            "stop_words": sum(word.lower() in STOP_WORDS for word in words),
        }

    @classmethod
    def repetition(cls, text: str) -> dict | None:
        measures = {}
        for name, end in (("para", "\n\n"), ("line", "\n")):
            counts = Counter(cls.paragraphs(text, end))
            copies = {segment: count for segment, count in counts.items() if count > 1}
            measures[f"dup_{name}_frac"] = share(sum(copies.values()), sum(counts.values()))
            measures[f"dup_{name}_char_frac"] = share(
                sum(len(s) * count for s, count in copies.items()), sum(len(s) * count for s, count in counts.items()))
        words = [word for word in segments(text) if word[0].isalnum()]
        return measures | repeats(words, longest=True) if cls.paragraphs(text, "\n") else None


class RedPajama:
    @staticmethod
    def words(text: str) -> list[str]:
        bare = text.translate(str.maketrans("", "", string.punctuation)).lower().strip()
        return unicodedata.normalize("NFD", re.sub(r"\s+", " ", bare)).split()

    @classmethod
    def quality(cls, text: str) -> dict:
        words, raw, lines = cls.words(text), re.findall(r"\w+|[^\w\s]+", text), re.findall(r"[^\n]*\n|[^\n]+$", text)
        bullets = sum(line.lstrip().startswith(tuple("•‣▶◀◦■□▪▫–")) for line in lines)
        return {
            "n_words": len(raw), "n_non_symbol_words": len(words), "avg_word_len": share(letters(words), len(words)),
            "symbol_ratio": share(sum(map(text.count, ("#", "...", "…"))), len(raw)),
            "bullet_lines_ratio": share(bullets, len(lines)),
            "ellipsis_lines_ratio": share(sum(line.rstrip().endswith(("...", "…")) for line in lines), len(lines)),
            "alpha_ratio": share(sum(bool(re.search("[a-zA-Z]", word)) for word in raw), len(raw)),
        }

    @classmethod
    def repetition(cls, text: str) -> dict | None:
        return repeats(cls.words(text), longest=False) if text else None


class Dolma:
    @staticmethod
    def quality(text: str) -> dict:
        words, lines = text.split(), text.split("\n")
        return {
            "n_words": len(words), "n_non_symbol_words": len(words),
            "avg_word_len": float(median(map(len, words))) if words else 0.0,
            "symbol_ratio": sum("#" in word or "…" in word for word in words) / max(len(words), 1),
            "bullet_lines_ratio": sum(line.startswith(("*", "-")) for line in lines) / len(lines),
            "ellipsis_lines_ratio": sum(line.endswith("…") for line in lines) / len(lines),
            "alpha_ratio": sum(any(map(str.isalpha, word)) for word in words) / max(len(words), 1),
            "stop_words": sum(word in STOP_WORDS for word in words),
        }

    @staticmethod
    def repetition(text: str) -> dict | None:
        if not text:
            return None
        words, lines = text.split(), Counter(text.split("\n"))
        copies = {line: count for line, count in lines.items() if count > 1}
        characters = max(letters(words), 1)
        measures = {
            "dup_line_frac": sum(copies.values()) / sum(lines.values()),
            "dup_line_char_frac": sum(len(line) * count for line, count in copies.items()) / characters,
        }
        for n in range(2, 11):
            counts = Counter(n_grams(words, n))
            if counts and n < 5:
                gram, count = counts.most_common(1)[0]
                measures[f"top_{n}_gram"] = count * letters(gram) / characters
            elif counts:
                measures[f"dup_{n}_gram"] = (
                    sum(count * letters(gram) for gram, count in counts.items() if count > 1)
                    / max(sum(count * letters(gram) for gram, count in counts.items()), 1))
        return measures


def repeats(words: list[str], longest: bool) -> dict:
    """Top n-grams that come twice, and words covered by n-grams that do, as shares of the words' characters."""
    measures = {}
    for n in range(2, 11):
        grams = n_grams(words, n)
        if not grams:
            continue
        counts = Counter(grams)
        gram, most = counts.most_common(1)[0]
        if n < 5:
            length = max(letters(g) for g, count in counts.items() if count == most) if longest else letters(gram)
            measures[f"top_{n}_gram"] = length * most / letters(words) if most > 1 else 0.0
        else:
            covered = {i + k for i, gram in enumerate(grams) if counts[gram] > 1 for k in range(n)}
            measures[f"dup_{n}_gram"] = sum(len(words[i]) for i in covered) / letters(words)
    return measures


VARIANTS = {"dclm": Dclm, "redpajama": RedPajama, "dolma": Dolma}
