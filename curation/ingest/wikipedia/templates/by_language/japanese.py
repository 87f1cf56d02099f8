"""Names of templates of Japanese wikis."""

from maslin.curation.ingest.wikipedia.templates.arguments import Arguments, Table
from maslin.curation.ingest.wikipedia.templates.numbers import cjk_date
from maslin.curation.ingest.wikipedia.templates.shown import argument, before, block, nothing


def _reading(given: Arguments) -> str:
    """{{読み仮名|漢字|かな}}."""
    return f"{given.get(1)}（{given.get(2)}）" if given.get(2) else given.get(1)


JAPANESE: Table = (
    ("読み仮名 読み仮名_ruby不使用 ruby ルビ ふりがな", _reading),
    ("仮リンク ill2 日本語版にない記事リンク link-interwiki", argument("label", "lt", 1)),
    ("生年月日と年齢 生年月日 没年齢 死亡年月日 日付", cjk_date()),
    ("死亡年月日と没年齢", cjk_date(first=4)),
    ("要出典範囲 要検証範囲 要追加記述範囲 要説明範囲 いつ範囲 誰範囲 要校閲範囲 独自研究範囲 補助漢字フォント "
     "jis2004フォント cp932フォント 拡張漢字 jis90フォント jis2004", argument(1)),
    ("引用 引用文", block(1, "text")),
    ("円", before("¥")),
    ("要出典 要検証 いつ 誰 要説明 独自研究 国旗 refnest efn2 r 国旗アイコン 脚注 アンカー 出典の明記 "
     "要ページ番号", nothing),
)
