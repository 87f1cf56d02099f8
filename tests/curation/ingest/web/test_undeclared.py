import zipfile
from functools import cache

import pytest

from maslin.curation.ingest.web.charset import decode
from maslin.curation.ingest.web.undeclared import undeclared_encoding
from tests.shared_data import shared_data

LATIN = {
    "cp1252": [
        "Tous les êtres humains naissent libres et égaux en dignité et en droits; ils sont doués de raison.",
        "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft begabt, über ßÄ.",
        "Todos os seres humanos nascem livres e iguais em dignidade e em direitos; são dotados de razão.",
        "Alle mennesker er født frie og lige i værdighed og rettigheder. De er udstyret med fornuft på ån.",
        "Tutti gli esseri umani nascono liberi ed eguali in dignità; perché è così, più libertà.",
        "Hver maður er borinn frjáls og jafn öðrum að virðingu og réttindum. Menn eru gæddir þekkingu.",
        "A few words only, and one café.", "Price: 5 £, “quoted” – done… © 2020 «x» 20 °C",
        "Mapa nga ñiwe, ñaka ëmë ãna õga: ãna ñiwe ëmë, ãmï ïna.",  # of no language that detectors know
    ],
    "cp1250": [
        "Wszyscy ludzie rodzą się wolni i równi pod względem godności i praw. Są oni obdarzeni rozumem.",
        "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. Jsou nadáni rozumem a svědomím.",
        "Minden emberi lény szabadon születik és egyenlő méltósága és joga van. Az emberek, ésszel bírván, erős űr.",
        "Toate fiinţele umane se nasc libere şi egale în demnitate şi în drepturi. Ele sunt înzestrate cu raţiune.",
        "Sva ljudska bića rađaju se slobodna i jednaka u dostojanstvu. Ona su obdarena sviješću, čovječe, žene, što.",
    ],
    "cp1254": ["Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana sahiptirler."],
    "cp1257": [
        "Visi žmonės gimsta laisvi ir lygūs savo orumu ir teisėmis. Jiems suteiktas protas ir sąžinė, jų visų.",
        "Visi cilvēki piedzimst brīvi un vienlīdzīgi savā pašcieņā un tiesībās. Viņi ir apveltīti ar saprātu.",
    ],
}


@pytest.mark.parametrize("codec, text", [(codec, text) for codec, texts in LATIN.items() for text in texts])
def test_latin_texts_by_the_letters_of_their_languages(codec, text):
    body = text.encode(codec)
    assert body.decode(undeclared_encoding(body)) == text


def test_what_a_page_says_of_its_language_helps_where_letters_are_few():
    body = "<p>Mały łoś żuł żółtą żabę.</p>".encode("cp1250")
    assert undeclared_encoding(body, "pl-PL") == "cp1250"
    french = "<p>à è à è à è</p>".encode("cp1252")
    assert french.decode(undeclared_encoding(french, "fr")) == "<p>à è à è à è</p>"


def test_damaged_utf_8_is_utf_8_where_it_is_announced_or_plain():
    text = "Das Gerät für Übung "
    assert decode(text.encode() + b"\xe9 x", "text/html; charset=utf-8").text == text + "\ufffd x"
    assert decode(b"<meta charset=utf-8>" + text.encode() + b"\x93 x", "").text.endswith(text + "\ufffd x")
    assert decode("ä".encode() * 8 + b" \xe9 ", "").text == "ä" * 8 + " \ufffd "
    assert decode(b"caf\xe9 " * 9 + "ä".encode(), "text/html; charset=utf-8").text.startswith("café")
    assert decode("déjà vu".encode("cp1252"), "text/html; charset=utf-8").text == "déjà vu"  # all of it is Latin-1


@cache
def declarations():
    with zipfile.ZipFile(shared_data("langid-text/udhr2.zip")) as archive:
        return {name: archive.read(name).decode().replace("\r", "") for name in archive.namelist()
                if name.endswith(".txt")}


def test_declarations_of_human_rights_that_windows_1252_can_write():
    right = all_ = 0
    for text in declarations().values():
        try:
            body = f"<html><head><title>x</title></head><body><p>{text}</p></body></html>".encode("cp1252")
        except UnicodeEncodeError:
            continue
        if not body.isascii():
            all_ += 1
            right += decode(body, "text/html").text == body.decode("cp1252")
    assert all_ > 130 and right >= 0.98 * all_, f"{right} of {all_}"
