"""Behaviour switches (`__NOTOC__`) and the name of the page itself: MediaWiki knows them by list, all else is text."""

import re

# In any case of letters; those of MediaWiki's languages, each also in English.
SWITCHES = frozenset("""
    notoc forcetoc toc noeditsection newsectionlink nonewsectionlink nogallery hiddencat expectunusedcategory
    expectunusedtemplate
    expected_unconnected_page nocontentconvert nocc notitleconvert notc start end index noindex staticredirect disambig
    noglobal archivedtalk notalk nossrtoc kein_inhaltsverzeichnis keininhaltsverzeichnis
    inhaltsverzeichnis_erzwingen inhaltsverzeichnis abschnitte_nicht_bearbeiten neuer_abschnittslink keine_galerie
    keinegalerie versteckte_kategorie wartungskategorie begriffsklärung indexieren nicht_indexieren
    permanente_weiterleitung aucunsommaire aucunetdm forcersommaire forcertdm sommaire tdm sectionnoneditable
    aucunegalerie catcachee aucunindex notdc forzartdc forzar_tdc tdc noeditarseccion no_editar_seccion nogaleria
    no_indexar indexar desambiguación semtdc semsumario forcartdc forcarsumario sumario naoeditarsecao
    nãoeditarseção semgaleria catoculta naoindexar nessunindice forzaindice indice nomodificasezione nonindicizzare
    indicizza geeninhoud inhoud_dwingen forceerinhoud inhoud nietbewerkbaresectie geen_galerij verborgencat
    geenindex bezspisu bezspisutreści zespisem wymuśspis spis bezedycjisekcji bezgalerii kategoriaukryta
    без_оглавления без_огл обяз_оглавление обяз_огл оглавление огл без_редактирования_раздела без_галереи
    скрытая_категория ссылка_на_новый_раздел индекс без_индекса неоднозначность без_змісту беззмісту обов_зміст
    зміст без_редагування_розділу прихов_кат 目次非表示 目次強制 目次 節編集非表示 新しい節リンク ギャラリー非表示
    カテゴリ非表示 無目錄 无目录 強制目錄 强显目录 目錄 目录 不转换 無段落編輯 无段落编辑 不转换标题 不轉換標題
    不轉換內容 不转换内容 目錄強制 消歧義 消歧义 隐藏分类 隱藏分類 목차숨김 목차보임 목차 부분편집숨김 갤러리숨김
    숨은분류 noinnehållsförteckning tvingainnehållsförteckning ingeninnehållsförteckning alltidinnehållsförteckning
    innehållsförteckning bezobsahu vždyobsah obsah i̇çi̇ndeki̇leryok i̇çi̇ndeki̇lerzorunlu i̇çi̇ndeki̇ler
    khôngmụclục luônmụclục mụclục nincstartalomjegyzék nincstj legyentartalomjegyzék tartalomjegyzék tj لا_فهرس
    لافهرس فهرس_إجباري فهرس לא_תוכן ללא_תוכן_עניינים תוכן_עניינים تعداد_الأقسام بی‌فهرست безсъдържание съссъдържание
    съдържание
    """.split())  # noqa: SIM905

_SWITCH = re.compile(r"__([^\W_](?:\w(?!__)){0,40}\w)__")
_PAGE_NAME = re.compile(r"\{\{ {0,3}(?:FULL|BASE|SUB|ROOT|ARTICLE)?PAGENAME {0,3}\}\}")


def without_switches(text: str) -> str:
    """The text without behaviour switches; other words between double underscores stay, as `__FILE__`."""
    return _SWITCH.sub(lambda match: "" if match[1].lower() in SWITCHES else match[0], text) if "__" in text else text


def with_page_name(text: str, title: str) -> str:
    """`{{PAGENAME}}` as the title."""
    return _PAGE_NAME.sub(lambda match: title, text) if "PAGENAME" in text else text
