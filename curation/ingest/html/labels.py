"""Lines of a page that only name furniture: "Advertisement", "Related: …", in the languages of many pages.

A line is told by what of it is no link, or by all of it; general words of news sites, none is of one site. Letters are
compared, so case (of ASCII), spaces, punctuation and character references do not matter.
"""

import numpy as np

from maslin.curation.ingest.html.body import GONE, KEPT
from maslin.curation.ingest.html.elements import BLOCK, BREAK, CELL, OFFSET, PRE, PRIME, TERM, TOP_HEADING, name_hash
from maslin.curation.ingest.html.tree import CLOSED, OPENED
from maslin.curation.text.hash_table import constant_table, look_up
from maslin.manifests.kernels.kernel import njit

_TEXTS = """
share on facebook|share on twitter|share on whatsapp|share this on facebook
share this on twitter|share this on whatsapp|share on linkedin|leave a reply
advertisement|advertisements|advert|sponsored links|sponsored content|paid content|article continues below
story continues below|story continues after advertisement|continue reading|continue reading below
scroll to continue|scroll to continue with content|share this|share this article|share this story
share this post|share this page|follow us|follow us on|you may also like|you might also like|you may like
related|related articles|related stories|related news|related posts|related content|related topics|related links
recommended|recommended for you|recommended stories|read more|read also|also read|see more|more stories
more news|more on this story|more on this topic|more on this|must read|don't miss|dont miss|most read
most popular|trending|trending now|editors picks|top stories|latest news|subscribe now
sign up for our newsletter|leave a comment|view comments|show comments|jump to comments|tags|anzeige|werbung
mehr zum thema|lesen sie auch|lesen sie mehr|das könnte sie auch interessieren|auch interessant|weiterlesen
ähnliche artikel|verwandte artikel|artikel teilen|teilen sie diesen artikel|meistgelesen|zum thema|schlagworte
publicité|lire aussi|à lire aussi|a lire aussi|voir aussi|à lire également|lire la suite|sur le même sujet
articles liés|partager cet article|partager|les plus lus|publicidad|lea también|lee también|te puede interesar
le puede interesar|más información|más noticias|noticias relacionadas|artículos relacionados|compartir
lo más leído|seguir leyendo|publicidade|continua depois da publicidade|leia também|leia mais|veja também
notícias relacionadas|mais lidas|compartilhe|pubblicità|leggi anche|potrebbe interessarti|articoli correlati
condividi|continua a leggere|i più letti|advertentie|lees ook|lees meer|lees verder|gerelateerd
gerelateerde artikelen|delen|meest gelezen|reklama|czytaj także|czytaj też|czytaj więcej|zobacz także|zobacz też
przeczytaj także|polecane|udostępnij|najczęściej czytane|čtěte také|mohlo by vás zajímat|související články
sdílet|hirdetés|kapcsolódó cikkek|ajánljuk|annons|läs också|läs mer|läs även|annonse|les også|les mer|annonce
læs også|læs mere|mainos|lue myös|lue lisää|reklam|ilgili haberler|bunlar da ilginizi çekebilir|iklan|baca juga
advertorial|artikel terkait|berita terkait|bagikan|quảng cáo|tin liên quan|xem thêm|publicitate|citește și
citeste si|te-ar putea interesa|διαφήμιση|διαβάστε επίσης|διαβάστε ακόμα|δείτε επίσης|σχετικά άρθρα|реклама
Реклама|РЕКЛАМА|читайте также|Читайте также|ЧИТАЙТЕ ТАКЖЕ|Читать далее|Материалы по теме|По теме|Поделиться
Похожие материалы|Читайте також|ЧИТАЙТЕ ТАКОЖ|Поділитися|Прочетете още|إعلان|اقرأ أيضا|اقرأ أيضاً|اقرأ أيضًا
مواضيع ذات صلة|شارك|تبلیغات|مطالب مرتبط|פרסומת|כתבות קשורות|विज्ञापन|यह भी पढ़ें|ये भी पढ़ें|โฆษณา
ข่าวที่เกี่ยวข้อง|อ่านเพิ่มเติม|広告
スポンサーリンク|関連記事
あわせて読みたい
続きを読む|シェアする|광고|관련기사|관련 기사|공유하기|广告|相关阅读|相关新闻|相关文章|相关推荐
推荐阅读|热门推荐|延伸阅读|分享到|分享|阅读更多|廣告|相關新聞|相關文章|延伸閱讀|推薦閱讀
view all|see all|show all|view all photos|see all photos|view gallery
explore further|more from this author|more in this section|read the full story|weitere artikel|weitere themen
mehr zu diesem thema|plus d'articles|sur le même thème|ver más|seguir leyendo en|saiba mais|scopri di più|bekijk ook
zobacz więcej|devamını oku|ayrıca okuyun|selengkapnya|đọc thêm|Смотрите также|Также по теме|Подробнее|Детальніше
更多|相关链接|もっと見る|おすすめ記事|더보기|관련 뉴스|اقرأ المزيد|بیشتر بخوانید|עוד בנושא|और पढ़ें|আরও পড়ুন|อ่านต่อ
"""
_MAX_BYTES = 80
_MAX_REFERENCE = 10  # bytes
_NO_LINE = PRE | CELL | TERM | TOP_HEADING


@njit(cache=True)
def _next_letter(text, place, end):
    """(byte in lower case, or 0 if it is of no letter; where the next one is looked for)."""
    byte = text[place]
    if byte < 128:
        if byte == 38:  # a reference
            behind = place + 1
            while behind < min(end, place + _MAX_REFERENCE) and text[behind] != 59 and text[behind] > 32:
                behind += 1
            if behind < end and text[behind] == 59:
                return 0, behind + 1
        return (byte | 32 if 97 <= byte | 32 <= 122 else 0), place + 1
    if byte == 0xC2:  # no-break spaces, guillemets, middle dots
        return 0, place + 2
    if place + 2 < end and ((byte == 0xE2 and text[place + 1] == 0x80) or (byte == 0xE3 and text[place + 1] == 0x80)
                            or (byte == 0xEF and text[place + 1] == 0xBC and text[place + 2] < 0xA1)):
        return 0, place + 3  # dashes, quotation marks, wide colons and brackets
    return byte, place + 1


def _letters(text: str) -> bytes:
    data, letters, place = text.encode(), bytearray(), 0
    while place < len(data):
        letter, place = _next_letter.py_func(data, place, len(data))
        if letter:
            letters.append(letter)
    return bytes(letters)


LABEL_HASHES, IS_LABEL = constant_table(
    {name_hash(_letters(text)): 1 for text in _TEXTS.replace("\n", "|").split("|") if text}, absent=0, fullness=1 / 4)


@njit(cache=True)
def drop_labels(page, kind, close, linked, of, start, end, hashes, is_label, gone):
    """Have the blocks go that hold nothing but one line that is a label. The arrays are those of `tree.read_tree`."""
    block, event = -1, 0  # the open block in which no other began, nor a second line
    line, plain, size, broken = OFFSET, OFFSET, 0, False
    while event < len(of):
        element, begin = of[event], start[event]
        of_kind = kind[element]
        if begin == OPENED:
            if gone[element] == GONE:
                event = close[element] + 1
                continue
            if of_kind & BREAK:
                broken = line != OFFSET
            elif of_kind & BLOCK:
                block = element if not of_kind & _NO_LINE and gone[element] == KEPT else -1
                line, plain, size, broken = OFFSET, OFFSET, 0, False
        elif begin == CLOSED:
            if of_kind & BLOCK:
                if element == block and (look_up(hashes, is_label, plain) or look_up(hashes, is_label, line)):
                    gone[element] = GONE
                block = -1
        elif block >= 0 and gone[element] == KEPT:
            is_link = linked[element] > 0
            place = begin
            while place < end[event]:
                byte, place = _next_letter(page, place, end[event])
                if byte:
                    if broken:
                        block = -1
                        break
                    letter = np.uint64(byte)
                    line = (line ^ letter) * PRIME
                    if not is_link:
                        plain = (plain ^ letter) * PRIME
                        size += 1
                        if size > _MAX_BYTES:
                            block = -1
                            break
        event += 1
