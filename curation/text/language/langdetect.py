"""Language identification as the package `langdetect` (an optional extra) decides with seed 0, C4's gate.

The package's profiles, its cleaning patterns and its character classes are read from it; its loops over characters
and its seven random walks (Nakatani, 2010; `detector.py` of langdetect 1.0.9) are kernels here. With the seed set
before each document its random numbers are always the same, so they are drawn once. Profiles are taken in the order
of their names: the package takes them as the file system has them, which may differ in the last digits.
"""

import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numba import uint64

from maslin.curation.resources import MISSING_LANGDETECT
from maslin.curation.text.hash_table import constant_table, look_up
from maslin.manifests.errors import UsageError
from maslin.manifests.kernels.kernel import njit
from maslin.manifests.steps.language_codes import UNKNOWN

MAX_CHARACTERS = 10_000
_TRIALS, _ALPHA, _ALPHA_WIDTH, _BASE_FREQUENCY = 7, 0.5, 0.05, 10_000
_CONVERGED, _LAST_STEP, _LEAST_PROBABLE = 0.99999, 1000, 0.1
_DRAWS = 1 << 17  # far more than the walks can use: 7 x 1001 choices, of which each draw has an even chance at least


@dataclass(frozen=True)
class Profiles:
    """What the package knows.

    `languages`; `keys`, `places`: a table (hash_table) from an n-gram's code points, 21 bits each, to its row in
    `frequencies` float64 (n-grams, languages). `normal` int32 and `upper`, `latin` and `other`
    bool (code points): the character it is taken for, whether that is a capital, and what counts for and against a
    text in Latin letters. `draws` uint32: the Mersenne Twister's output after seed 0.
    """

    languages: tuple[str, ...]
    keys: np.ndarray
    places: np.ndarray
    frequencies: np.ndarray
    normal: np.ndarray
    upper: np.ndarray
    latin: np.ndarray
    other: np.ndarray
    draws: np.ndarray


def identify(texts: list[str]) -> tuple[list[str], np.ndarray]:
    """The most probable language of each text (a code such as `en` or `zh-cn`), and its probability, float64.

    A text without letters, or in which no language is probable, has "und" and 0. Raises UsageError without the package.
    """
    profiles = load()
    found, probability = [], np.zeros(len(texts))
    for row, text in enumerate(texts):
        grams = _find_grams(_clean(text, profiles), profiles.normal, profiles.upper, profiles.keys, profiles.places)
        best, score = _walk(grams, profiles.frequencies, profiles.draws) if len(grams) else (-1, 0.0)
        known = score > _LEAST_PROBABLE
        found.append(profiles.languages[best] if known else UNKNOWN)
        probability[row] = score if known else 0.0
    return found, probability


def _clean(text: str, profiles: Profiles) -> np.ndarray:
    """Code points (int32) without URLs, addresses, repeated blanks, and Latin letters in a text of others."""
    from langdetect.detector import Detector
    from langdetect.utils.ngram import NGram

    text = NGram.normalize_vi(Detector.MAIL_RE.sub(" ", Detector.URL_RE.sub(" ", text)))[:MAX_CHARACTERS]
    codes = np.frombuffer(text.encode("utf-32-le"), np.int32)
    repeated = np.zeros(len(codes), bool)
    repeated[1:] = (codes[1:] == 0x20) & (codes[:-1] == 0x20)
    codes = codes[~repeated]
    if profiles.latin[codes].sum() * 2 < profiles.other[codes].sum():
        codes = codes[~profiles.latin[codes]]
    return codes


@cache
def load() -> Profiles:
    try:
        from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
        from langdetect.utils.ngram import NGram
        from langdetect.utils.unicode_block import unicode_block
    except ImportError as error:
        raise UsageError(f"language: {MISSING_LANGDETECT}") from error
    factory = DetectorFactory()
    files = sorted(path for path in Path(PROFILES_DIRECTORY).iterdir() if not path.name.startswith("."))
    factory.load_json_profile([path.read_text(encoding="utf-8") for path in files])
    grams = factory.word_lang_prob_map
    keys, places = constant_table({_pack(gram): row for row, gram in enumerate(grams)})
    normal = np.arange(0x110000, dtype=np.int32)
    normal[:0x10000] = [ord(NGram.normalize(chr(code))) for code in range(0x10000)]  # beyond: as they are
    codes = np.arange(0x110000)
    latin = (codes >= ord("A")) & (codes <= ord("z"))
    other = codes >= 0x300
    other[:0x10000] &= [unicode_block(chr(code)) != "Latin Extended Additional" for code in range(0x10000)]
    twister = random.Random(0)
    return Profiles(
        tuple(factory.langlist), keys, places, np.array(list(grams.values())), normal,
        np.array([chr(code).isupper() for code in range(0x110000)]), latin, other,
        np.array([twister.getrandbits(32) for _ in range(_DRAWS)], np.uint32),
    )


def _pack(gram: str) -> int:
    return sum(ord(character) << 21 * place for place, character in enumerate(reversed(gram)))


@njit(cache=True)
def _find_grams(codes, normal, upper, keys, places):
    """int32: rows of the known n-grams of 1 to 3 characters, in the order the package lists them.

    A run of capitals has none from its second letter on; blanks end words and stand at the ends of n-grams alone.
    """
    found, number = np.empty(3 * len(codes), np.int32), 0
    gram, length, last, capitals = uint64(0x20), 1, 0x20, False
    for index in range(len(codes)):
        code = normal[codes[index]]
        if last == 0x20:
            gram, length, capitals = uint64(0x20), 1, False
        if last != 0x20 or code != 0x20:
            gram = (gram << uint64(21) | uint64(code)) & uint64((1 << 63) - 1)
            length = min(3, length + 1)
            capitals = upper[code] and (upper[last] or capitals)
            last = code
        if capitals:
            continue
        for size in range(1, length + 1):
            part = gram & uint64((1 << 21 * size) - 1)
            if part != uint64(0x20):
                place = look_up(keys, places, part)
                if place >= 0:
                    found[number] = place
                    number += 1
    return found[:number]


@njit(cache=True)
def _walk(grams, frequencies, draws):
    """(index of the most probable language, its probability): the mean of seven walks over randomly chosen n-grams."""
    languages = frequencies.shape[1]
    mean, probability = np.zeros(languages), np.empty(languages)
    bits = 0
    while len(grams) >> bits:
        bits += 1
    drawn, spare, has_spare = 0, 0.0, False
    for _ in range(_TRIALS):
        probability[:] = 1.0 / languages
        if has_spare:
            gauss, has_spare = spare, False
        else:  # as random.gauss: two at a time
            angle = _uniform(draws, drawn) * 2.0 * np.pi
            radius = np.sqrt(-2.0 * np.log(1.0 - _uniform(draws, drawn + 2)))
            drawn += 4
            gauss, spare, has_spare = np.cos(angle) * radius, np.sin(angle) * radius, True
        weight = (_ALPHA + gauss * _ALPHA_WIDTH) / _BASE_FREQUENCY
        step = 0
        while True:
            choice = len(grams)
            while choice >= len(grams):
                if drawn == len(draws):
                    raise AssertionError("more random numbers asked for than drawn")
                choice = np.int64(draws[drawn] >> np.uint32(32 - bits))
                drawn += 1
            row = grams[choice]
            for language in range(languages):
                probability[language] *= weight + frequencies[row, language]
            if step % 5 == 0:
                total = 0.0
                for language in range(languages):
                    total += probability[language]
                highest = 0.0
                for language in range(languages):
                    probability[language] /= total
                    highest = max(highest, probability[language])
                if highest > _CONVERGED or step >= _LAST_STEP:
                    break
            step += 1
        for language in range(languages):
            mean[language] += probability[language] / _TRIALS
    best = np.argmax(mean)
    return best, mean[best]


@njit(cache=True)
def _uniform(draws, position):
    """random.random() of the two draws at `position`."""
    high, low = draws[position] >> np.uint32(5), draws[position + 1] >> np.uint32(6)
    return (high * 67108864.0 + low) * (1.0 / 9007199254740992.0)
