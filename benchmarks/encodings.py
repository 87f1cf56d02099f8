"""How many pages that announce no encoding are read right: ours beside resiliparse's detector and plain windows-1252.

    python -m benchmarks.encodings udhr2.zip [--characters 150 400 3000]

The texts are NLTK's declarations of human rights in all languages, wrapped in a small page. `western`: every text that
windows-1252 can write and ASCII cannot. `legacy`: languages in the encodings that their old pages come in, cut into
texts of so many characters. A text is right when every character is.
"""

import argparse
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from resiliparse.parse.encoding import detect_encoding

from maslin.curation.ingest.web.charset import decode
from maslin.curation.ingest.web.labels import python_encoding

LEGACY = {
    "rus": "cp1251 koi8-r iso8859-5 cp866 mac_cyrillic", "ukr": "cp1251 koi8-u iso8859-5", "bul": "cp1251 iso8859-5",
    "heb": "cp1255 iso8859-8", "arb": "cp1256 iso8859-6", "tha": "cp874", "ell_monotonic": "cp1253 iso8859-7",
    "pol": "cp1250 iso8859-2", "ces": "cp1250 iso8859-2", "slk": "cp1250 iso8859-2", "hun": "cp1250 iso8859-2",
    "hrv": "cp1250", "slv": "cp1250 iso8859-2", "tur": "cp1254", "lit": "cp1257 iso8859-13", "lav": "cp1257 iso8859-13",
    "est": "cp1257", "vie": "cp1258", "epo": "iso8859-3", "deu": "cp1252", "fra": "cp1252 iso8859-15", "spa": "cp1252",
    "ita": "cp1252", "por_PT": "cp1252", "isl": "cp1252", "dan": "cp1252", "swe": "cp1252",
    "jpn": "cp932 euc_jp iso2022_jp", "cmn_hans": "gb18030", "cmn_hant": "big5", "kor": "cp949 iso2022_kr",
}
PAGE = "<html><head><title>x</title></head><body><p>{}</p></body></html>"


def by_resiliparse(body: bytes) -> str:
    return body.decode(python_encoding(detect_encoding(body, html5_compatible=False) or "") or "cp1252", "replace")


def as_windows_1252(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


READERS: dict[str, Callable[[bytes], str]] = {
    "maslin": lambda body: decode(body, "text/html").text, "resiliparse": by_resiliparse,
    "utf-8, else windows-1252": as_windows_1252,
}


def western(texts: dict[str, str]) -> Iterator[tuple[bytes, str]]:
    for text in texts.values():
        try:
            body = PAGE.format(text).encode("cp1252")
        except UnicodeEncodeError:
            continue
        if not body.isascii():
            yield body, "cp1252"


def legacy(texts: dict[str, str], characters: int) -> Iterator[tuple[bytes, str]]:
    for language, codecs in LEGACY.items():
        text = texts[language]
        for codec in codecs.split():
            for start in range(600, min(len(text), 9000) - characters, max(300, characters)):
                body = PAGE.format(text[start:start + characters]).encode(codec, "ignore")
                if not body.isascii() or b"\x1b" in body:
                    yield body, codec


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--characters", type=int, nargs="+", default=[150, 400, 3000])
    arguments = parser.parse_args()
    with zipfile.ZipFile(arguments.archive) as archive:
        texts = {Path(name).stem: archive.read(name).decode().replace("\r", "")
                 for name in archive.namelist() if name.endswith(".txt")}
    sets = {"western": list(western(texts))} | {
        f"legacy, {number} characters": list(legacy(texts, number)) for number in arguments.characters}
    for name, cases in sets.items():
        for reader, read in READERS.items():
            right = sum(read(body) == body.decode(codec) for body, codec in cases)
            print(f"{name:26} {reader:26} {right:5} of {len(cases)} ({right / len(cases):.1%})")


if __name__ == "__main__":
    main()
