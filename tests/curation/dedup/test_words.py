"""Words are those of Python's lower and split; in scripts without spaces, characters."""

import sys

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.dedup.words import split_words
from maslin.curation.text.scripts_without_spaces import CLASSES, INVISIBLE, LETTER

SPECIAL = st.sampled_from("ab ΣİſK\n\t\x1c\x85\xa0\u2003\u3000\u200b")
SPACELESS = st.sampled_from("世界、がﾞｶカ゛ไทยខ្ម𠀀か\u3099は\u309aー\ufe0f\U000e0100，Ａａ１")
TEXTS = st.lists(st.text(st.one_of(st.characters(exclude_categories=["Cs"]), SPECIAL, SPACELESS)), max_size=20)


def words_of(texts, by="scripts"):
    words = split_words(pa.array(texts, pa.string()), by)
    data = words.data.tobytes()
    flat = [data[a:b - 1].decode() for a, b in zip(words.starts[:-1], words.starts[1:], strict=True)]
    return [flat[a:b] for a, b in zip(words.documents[:-1], words.documents[1:], strict=True)]


def has_letter(text):
    return any(ord(c) < len(CLASSES) and CLASSES[ord(c)] == LETTER for c in text)


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_words_by_blanks_are_those_of_lower_and_split(texts):
    assert words_of(texts, "blanks") == [text.lower().split() for text in texts]


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_words_without_a_letter_of_such_a_script_stay_as_they_are(texts):
    for text, words in zip(texts, words_of(texts), strict=True):
        pieces = text.lower().split()
        cut = [words_of([piece])[0] for piece in pieces]
        assert words == [word for group in cut for word in group]  # no word reaches beyond white space
        for piece, group in zip(pieces, cut, strict=True):
            assert group == [piece] if not has_letter(piece) else all(
                word and (len(word) == 1 or not has_letter(word)) for word in group)


def test_every_character_of_unicode_splits_as_in_python():
    characters = [chr(c) for c in range(sys.maxunicode + 1) if not 0xD800 <= c < 0xE000]
    for left_out in ("", "İΣ"):  # a text with one of these is lowered by Python
        text = "".join(f"a{c}b" for c in characters if c not in left_out)
        assert words_of([text], "blanks") == [text.lower().split()]
    spaced = [f"a{c}b" for c in characters if not has_letter(c)]
    assert words_of([" ".join(spaced)]) == [" ".join(spaced).lower().split()]
    for c in filter(has_letter, characters):
        (words,) = words_of([f"a{c}b"])
        assert words[0] == "a" and words[-1] == "b" and len(words) == 3, c


@pytest.mark.parametrize(("unit", "words"), [("Ⱥ世", "ⱥ 世"), ("a世", "a 世"), ("世", "世"), ("Ⱥ ", "ⱥ"), ("a ", "a")])
def test_what_grows_most_finds_room(unit, words):
    assert words_of([unit * 10_000]) == [words.split() * 10_000]


def test_a_null_text_has_no_words():
    assert words_of([None, "a b", ""]) == [[], ["a", "b"], []]


def test_slices_of_chunked_columns_are_read_from_their_own_start():
    column = pa.chunked_array([["never", "a b"], ["c", "never"]]).slice(1, 2)
    assert split_words(column).documents.tolist() == [0, 2, 3]


@pytest.mark.parametrize(("text", "words"), [
    ("世界人权，宣言。", "世 界 人 权 , 宣 言 。"),
    ("我用GitHub写x+=1;的代码", "我 用 github 写 x+=1; 的 代 码"),
    ("Mao Zedong (毛泽东) was", "mao zedong ( 毛 泽 东 ) was"),
    ("x = 1  # 初值", "x = 1 # 初 值"),
    ("「カタカナ」と12月", "「 カ タ カ ナ 」 と 12 月"),
    ("ＡＢＣ社は３．５％", "abc 社 は 3.5%"),
    ("ＡＢＣ １２３ 「…」", "ａｂｃ １２３ 「…」"),  # no letter of such a script between these white spaces
    ("ｶﾞｷﾞﾊﾟｱﾞ", "ガ ギ パ ア \u3099"),
    ("か\u3099は\u309aが", "が ぱ が"),
    ("葛\U000e0100飾\ufe00区", "葛 飾 区"),
    ("ภาษาไทย", "ภ า ษ า ไ ท ย"),
    ("ខ្មែរ\u200bជា", "ខ ្ ម ែ រ ជ ា"),
    ("\ufeff中文", "中 文"),
    ("ລາວ မြန်မာ བོད་", "ລ າ ວ မ ြ န ် မ ာ བ ོ ད ་"),
    ("한국어는 띄어쓰기", "한국어는 띄어쓰기"),
    ("大韓民國은", "大 韓 民 國 은"),
    ("Tiếng Việt ฿500 ㎡ 。", "tiếng việt ฿500 ㎡ 。"),
    ("𠀀𪚥", "𠀀 𪚥"),
    ("一a二b三c", "一 a 二 b 三 c"),
])
def test_scripts_without_spaces_are_cut_into_characters(text, words):
    assert words_of([text, "and so on"]) == [words.split(" "), ["and", "so", "on"]]


def test_white_space_within_such_a_script_does_not_matter():
    assert words_of(["天地\n玄黄\u3000宇宙"]) == words_of(["天地玄黄宇宙"])


def test_invisible_characters_are_no_letters():
    assert {CLASSES[ord(c)] for c in "\u200b\u200d\ufe0f\u17b4"} == {INVISIBLE}
