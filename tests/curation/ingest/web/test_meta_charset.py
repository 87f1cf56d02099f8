import time

import pytest

from maslin.curation.ingest.web.meta_charset import meta_encoding, page_language

META = b'<meta charset="windows-1251">'


@pytest.mark.parametrize("head, encoding", [
    (META, "cp1251"),
    (b"<META/CHARSET = windows-1251 >", "cp1251"),
    (b"<meta name=x charset='koi8-r'/>", "koi8-r"),
    (b'<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">', "koi8-r"),
    (b'<meta content="text/html; charset = \'koi8-r\'" http-equiv=content-type>', "koi8-r"),
    (b'<meta content="text/html; charset=koi8-r">' + META, "cp1251"),  # no http-equiv
    (b'<meta http-equiv=refresh content="charset=koi8-r">' + META, "cp1251"),
    (b'<meta name=description content="what charset=koi8-r means">' + META, "cp1251"),
    (b"<!-- <meta charset=koi8-r> -->" + META, "cp1251"),
    (b"<!--><meta charset=koi8-r>-->", "koi8-r"),  # a comment that is over at once
    (b"<!-- <meta charset=koi8-r>", ""),  # one that never is
    (b"<a title='<meta charset=koi8-r>'>" + META, "cp1251"),
    (b"<title>about <meta charset=koi8-r></title>" + META, "cp1251"),
    (b"<script>w('<meta charset=koi8-r>')</script>" + META, "cp1251"),
    (b"<? <meta charset=koi8-r ?>" + META, "cp1251"),
    (b"<metadata charset=koi8-r>" + META, "cp1251"),
    (b"<meta charset=nonsense>" + META, "cp1251"),
    (b"<meta charset=koi8-r charset=utf-8>", "koi8-r"),  # of repeated attributes the first
    (b"<meta charset=utf-16le>", "utf-8"), (b"<meta charset=x-user-defined>", "cp1252"),
    (b"<meta charset>", ""), (b"charset=koi8-r", ""), (b"", ""),
    (b'<?xml version="1.0" encoding="koi8-r"?><p>', "koi8-r"),
    (b'<?xml version="1.0" encoding="koi8-r"?>' + META, "cp1251"),
    (b"<!-- <?xml encoding='koi8-r'?> -->", ""),
    (b" " * 2000 + META, "cp1251"), (b" " * 9000 + META, ""),
])
def test_the_first_declaration_that_is_one(head, encoding):
    assert meta_encoding(head) == encoding


@pytest.mark.parametrize("head", [b"<!--" * 1000, b"<meta a=" * 500, b"<meta charset='" * 300, b"<script>" * 500,
                                  b"<a b c" * 700, b"<?xml " * 700, b'<meta charset=x content="' * 200])
def test_made_up_heads_take_no_time(head):
    began = time.process_time()
    meta_encoding(b"<?xml charset" + head)
    page_language(head)
    assert time.process_time() - began < 0.2


@pytest.mark.parametrize("head, language", [
    (b"<!doctype html><html class=x lang='pl-PL'>", "pl-PL"), (b"<HTML LANG=cs>", "cs"), (b"<p lang=pl>", ""),
])
def test_language_of_a_page(head, language):
    assert page_language(head) == language
