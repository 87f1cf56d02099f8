"""Names of templates of Chinese wikis."""

from maslin.curation.ingest.wikipedia.templates.arguments import Arguments, Table
from maslin.curation.ingest.wikipedia.templates.shown import argument, block, constant, nothing


def _lifetime(given: Arguments) -> str:
    """{{bd|1950年|5月12日|2000年|1月1日}}: born and died."""
    born, died = given.get(1) + given.get(2), given.get(3) + given.get(4)
    return f"{born}—{died}"


def _yuan(sign: str, given: Arguments) -> str:
    return f"{sign}{given.get(1)}{given.get(2)}"


CHINESE: Table = (
    ("le link-en ilh internal_link_helper", argument("lt", "d", 3, 1)),
    ("tsl translink", argument(4, 3, 2)),
    ("bd", _lifetime),
    ("jpn", argument("j", 1)),
    ("kor", argument("hangul", "k", 1)),
    ("vie", argument("v", 1)),
    ("lj", argument(1)),
    ("僻字 僻字2 不转换 不轉換 专名 專名 书名 書名 缺字 生僻字 zy 汉字 漢字", argument(1)),
    ("ntd", lambda given: _yuan("NT$", given)),
    ("hkd", lambda given: _yuan("HK$", given)),
    ("quote 引用 引文", block(1, "text")),
    ("gap", constant("　")),
    ("noteta noteta-inline 来源请求 來源請求 谁 誰 何时 何時 cref fact 需要解释 需要解釋 錨點 anchor link-wd "
     "死链", nothing),
)
