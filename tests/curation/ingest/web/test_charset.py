import zipfile

import pytest

from maslin.curation.ingest.web.charset import decode, python_encoding
from tests.shared_data import shared_data

KOREAN = "<meta charset=euc-kr>한국어 문서입니다. 이것은 시험을 위한 글입니다."
RUSSIAN = "Привет, как дела? Это обычный русский текст для проверки кодировки страницы."
JAPANESE = "これは日本語のテキストです。文字コードの判定を確かめます。"


@pytest.mark.parametrize("body, header, text, encoding, differs", [
    (b"\xef\xbb\xbfword", "text/html; charset=latin1", "word", "utf-8", False),
    ("wörd".encode("utf-16-le").join((b"\xff\xfe", b"")), "", "wörd", "utf-16-le", False),
    ("été".encode(), "text/html; charset=ISO-8859-1", "été", "utf-8", True),  # valid UTF-8 against its header
    (b"plain", "text/html; charset=ISO-8859-1", "plain", "utf-8", False),
    ("“x”".encode("cp1252"), "text/html; charset=ISO-8859-1", "“x”", "cp1252", False),  # as browsers read the label
    (KOREAN.encode("euc-kr"), "text/html", KOREAN, "cp949", False),
    (RUSSIAN.encode("cp1251"), "text/html", RUSSIAN, "cp1251", False),  # detected
    (RUSSIAN.encode("koi8-r"), 'text/html; charset="koi8-r"', RUSSIAN, "koi8-r", False),
    (JAPANESE.encode("iso-2022-jp"), "text/html; charset=iso-2022-jp", JAPANESE, "iso2022_jp_ext", False),
    (JAPANESE.encode("shift_jis"), "text/html; charset=x-sjis", JAPANESE, "cp932", False),
    ("ü".encode() * 5 + b"\xed\xa0\xbd\xed\xb8\x80" + b"\xe9", "", "üüüüü😀\ufffd", "utf-8", False),
    ("<p>wide words</p>".encode("utf-16-be"), "", "<p>wide words</p>", "utf-16-be", False),
    (b"", "", "", "utf-8", False),
])
def test_decode(body, header, text, encoding, differs):
    found = decode(body, header)
    assert (found.text, found.encoding, found.differs) == (text, encoding, differs)


def test_a_few_damaged_characters_do_not_change_the_encoding():
    body = (RUSSIAN.encode() + b"\xff") * 3
    assert decode(body, "text/html").text == (RUSSIAN + "\ufffd") * 3


def test_header_goes_before_meta():
    body = b'<meta charset="windows-1251">' + RUSSIAN.encode("koi8-r")
    found = decode(body, "text/html; charset=koi8-r")
    assert RUSSIAN in found.text and found.differs


@pytest.mark.parametrize("label", ["base64", "rot13", "unicode_escape", "utf-7", "no-such", "", "zlib", "a\0b"])
def test_what_is_no_encoding_of_pages(label):
    assert python_encoding(label) == ""


TEXTS = {
    "russian": RUSSIAN,
    "ukrainian": "Усі люди народжуються вільними і рівними у своїй гідності та правах, їхній розум і ґрунт є спільні.",
    "greek": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "hebrew": "כל בני אדם נולדו בני חורין ושווים בערכם ובזכויותיהם. כולם חוננו בתבונה ובמצפון.",
    "arabic": "يولد جميع الناس أحراراً ومتساوين في الكرامة والحقوق وهم قد وهبوا العقل والوجدان.",
    "thai": "มนุษย์ทั้งปวงเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
    "polish": "Wszyscy ludzie rodzą się wolni i równi pod względem godności i praw. Są oni obdarzeni rozumem.",
    "turkish": "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana sahiptirler.",
    "lithuanian": "Visi žmonės gimsta laisvi ir lygūs savo orumu ir teisėmis. Jiems suteiktas protas ir sąžinė.",
    "french": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison.",
    "japanese": JAPANESE + "①㈱",
    "japanese without signs": JAPANESE,
    "chinese": "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。",
    "taiwanese": "人人生而自由，在尊嚴和權利上一律平等。他們賦有理性和良心，並應以兄弟關係的精神相對待。",
    "korean": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 똠방각하",
}
ANNOUNCED = [  # label, Python's codec that wrote it, text
    *[(label, label, "russian") for label in ("windows-1251", "koi8-r", "iso-8859-5", "ibm866")],
    ("x-mac-cyrillic", "mac_cyrillic", "russian"), ("koi8-u", "koi8-u", "ukrainian"),
    ("windows-1253", "cp1253", "greek"), ("iso-8859-7", "iso-8859-7", "greek"), ("x-mac-greek", "mac_greek", "greek"),
    ("windows-1255", "cp1255", "hebrew"), ("iso-8859-8-i", "iso-8859-8", "hebrew"), ("visual", "iso-8859-8", "hebrew"),
    ("windows-1256", "cp1256", "arabic"), ("windows-874", "cp874", "thai"), ("iso-8859-11", "cp874", "thai"),
    ("windows-1250", "cp1250", "polish"), ("iso-8859-2", "iso-8859-2", "polish"), ("x-mac-ce", "mac_latin2", "polish"),
    ("windows-1254", "cp1254", "turkish"), ("iso-8859-9", "cp1254", "turkish"),
    ("windows-1257", "cp1257", "lithuanian"), ("iso-8859-13", "iso-8859-13", "lithuanian"),
    ("latin1", "cp1252", "french"), ("csisolatin9", "iso-8859-15", "french"), ("macintosh", "mac_roman", "french"),
    ("x-sjis", "cp932", "japanese"), ("euc-jp", "euc_jis_2004", "japanese"),
    ("gb2312", "gbk", "chinese"), ("hz-gb-2312", "hz", "chinese"), ("big5", "big5", "taiwanese"),
    ("euc-kr", "cp949", "korean"), ("ksc_5601", "cp949", "korean"),
]


def written(text, codec, meta=""):
    page = f"<html><head>{meta}<title>t</title></head><body><p>{TEXTS[text] * 8}</p></body></html>"
    return page, page.encode(codec)


@pytest.mark.parametrize("label, codec, text", ANNOUNCED)
def test_an_announced_encoding_is_read_from_header_or_meta_and_against_a_wrong_header(label, codec, text):
    page, body = written(text, codec)
    assert decode(body, f"text/html; charset={label}").text == page
    for meta in (f"<meta charset={label}>", f'<?xml version="1.0" encoding="{label}"?>'):
        page, body = written(text, codec, meta)
        assert decode(body, "text/html").text == page
        assert decode(body, "text/html; charset=utf-8").text == page


@pytest.mark.parametrize("codec, text", [
    ("cp1251", "russian"), ("koi8-r", "russian"), ("iso-8859-5", "russian"), ("cp866", "russian"),
    ("mac_cyrillic", "russian"), ("koi8-u", "ukrainian"), ("cp1253", "greek"), ("cp1255", "hebrew"),
    ("cp1256", "arabic"), ("cp874", "thai"), ("cp1252", "french"), ("cp932", "japanese"), ("euc_jp", "japanese"),
    ("iso2022_jp_1", "japanese"), ("gb18030", "chinese"), ("big5", "taiwanese"), ("cp949", "korean"),
    *[(codec, text) for codec in ("utf-16-le", "utf-16-be", "utf-16", "utf-8") for text in TEXTS],
])
@pytest.mark.parametrize("meta", ["", "<meta charset=utf-8>"])
def test_an_encoding_is_found_where_none_or_utf_8_is_announced(codec, text, meta):
    if codec in ("euc_jp", "iso2022_jp_1"):
        text = "japanese without signs"
    page, body = written(text, codec, meta)
    assert decode(body, "text/html").text == page


def test_damage_beyond_all_encodings_takes_the_one_with_the_least():
    body = bytes(range(0x80, 0x100)) * 3
    assert decode(body, "text/html; charset=utf-8").encoding != "utf-8"


# Languages of the Universal Declaration of Human Rights and encodings that their pages come in.
UNDECLARED = {
    "rus": "cp1251 koi8-r iso8859-5 cp866 mac_cyrillic utf-16-le utf-16-be", "ukr": "cp1251 koi8-u iso8859-5",
    "bul": "cp1251 iso8859-5", "heb": "cp1255 iso8859-8", "arb": "cp1256 iso8859-6", "tha": "cp874",
    "ell_monotonic": "cp1253 iso8859-7", "pol": "cp1250 iso8859-2", "ces": "cp1250 iso8859-2",
    "hun": "cp1250 iso8859-2", "hrv": "cp1250", "tur": "cp1254", "lit": "cp1257 iso8859-13", "est": "cp1257",
    "vie": "cp1258", "deu": "cp1252", "fra": "cp1252 iso8859-15 utf-16-le", "spa": "cp1252", "swe": "cp1252",
    "jpn": "cp932 euc_jp iso2022_jp utf-16-be", "cmn_hans": "gb18030 gb2312", "cmn_hant": "big5",
    "kor": "cp949 euc_kr iso2022_kr",
}


@pytest.mark.parametrize("language", UNDECLARED)
def test_real_text_is_read_where_no_encoding_is_announced(language):
    with zipfile.ZipFile(shared_data("langid-text/udhr2.zip")) as archive:
        text = archive.read(f"udhr2/{language}.txt").decode().replace("\r", "")[600:3600]
    for codec in UNDECLARED[language].split():
        body = f"<html><title>x</title><p>{text}</p>".encode(codec, "ignore")
        assert decode(body, "text/html").text == body.decode(codec), codec
