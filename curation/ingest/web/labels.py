"""Labels of encodings as pages use them → Python's codecs."""

import codecs
from functools import lru_cache

# What pages mean by a label, as browsers read it (WHATWG Encoding Standard): the superset that is really used.
_SUPERSETS = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030",
    "shift_jis": "cp932", "euc_kr": "cp949", "ksc5601": "cp949", "big5": "big5hkscs", "iso8859-9": "cp1254",
    "tis-620": "cp874", "iso8859-11": "cp874",
    "euc_jp": "euc_jis_2004",  # with circled digits and the like
    "iso2022_jp": "iso2022_jp_ext",  # with half-width katakana
}
# Labels of the web that Python does not know, or knows as something else, by codec: WHATWG's and those of old Macs.
_LABELS = {label: codec for codec, labels in {
    "": "none utf-7 replacement iso-2022-cn iso-2022-cn-ext",
    "utf-8": "unicode-1-1-utf-8 utf8 unicode11utf8 unicode20utf8 x-unicode20utf8",
    "utf-16-le": "utf-16 csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff",
    "utf-16-be": "unicodefffe",
    "big5hkscs": "x-x-big5 cn-big5",
    "cp874": "windows-874 dos-874 iso885911",
    "cp932": "x-sjis windows-31j ms_kanji",
    "cp949": "ks_c_5601-1987 ks_c_5601-1989 windows-949 x-euc-kr cseuckr csksc56011987 iso-ir-149 ksc_5601",
    "cp1250": "x-cp1250", "cp1251": "x-cp1251", "cp1252": "x-cp1252 x-user-defined iso88591", "cp1253": "x-cp1253",
    "cp1254": "x-cp1254 iso88599", "cp1255": "x-cp1255", "cp1256": "x-cp1256", "cp1257": "x-cp1257",
    "cp1258": "x-cp1258",
    "euc_jis_2004": "x-euc-jp cseucpkdfmtjapanese",
    "gb18030": "x-gbk gb_2312-80 csgb2312 gb_2312",
    "iso8859-2": "iso88592", "iso8859-3": "iso88593", "iso8859-4": "iso88594", "iso8859-5": "iso88595",
    "iso8859-6": "csiso88596e csiso88596i iso-8859-6-e iso-8859-6-i iso88596",
    "iso8859-7": "iso88597 sun_eu_greek",
    "iso8859-8": "iso-8859-8-i logical csiso88598e csiso88598i iso-8859-8-e iso88598 visual",
    "iso8859-10": "iso885910", "iso8859-13": "iso885913", "iso8859-14": "iso885914",
    "iso8859-15": "iso885915 csisolatin9", "koi8-r": "koi8 koi", "koi8-u": "koi8-ru",
    "mac_roman": "macintosh csmacintosh mac x-mac-roman", "mac_cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "mac_latin2": "x-mac-ce x-mac-centraleurroman x-mac-centralroman", "mac_greek": "x-mac-greek",
    "mac_turkish": "x-mac-turkish", "mac_iceland": "x-mac-icelandic", "mac_croatian": "x-mac-croatian",
    "mac_romanian": "x-mac-romanian", "mac_arabic": "x-mac-arabic",
}.items() for label in labels.split()}
_NOT_OF_PAGES = frozenset((
    "base64", "bz2", "hex", "quopri", "rot_13", "uu", "zlib", "punycode", "idna", "unicode_escape",
    "raw_unicode_escape", "undefined", "mbcs", "oem", "utf_7",
))


@lru_cache(maxsize=1024)
def python_encoding(label: str) -> str:
    """Python's codec for a label as the web uses it; empty when there is none or it is no encoding of text."""
    label = label.strip().strip("\"'").lower()
    if label in _LABELS:
        return _LABELS[label]
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):  # ValueError: a label with a NUL
        return ""
    return "" if name.replace("-", "_") in _NOT_OF_PAGES else _SUPERSETS.get(name, name)
