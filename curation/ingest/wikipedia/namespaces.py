"""Namespaces whose links show nothing, files and categories: as a dump declares them, and as MediaWiki knows them by
language.

A wiki understands the names of its own language, of the languages that its own falls back to, and English ones; a dump
declares the first of the first only, while pages still hold the others (`Bild:` in German, `Datei:` in Alemannic).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

_FILE_KEYS, _CATEGORY_KEYS = (-2, 6), (14,)

# Files and media, then categories, with older names that still work; lower case.
_NAMES: Mapping[str, tuple[str, str]] = {
    "en": ("file image media", "category"),
    "af": ("lêer beeld", "kategorie"),
    "an": ("imachen", "categoría"),
    "ar": ("ملف صورة وسائط ميديا", "تصنيف"),
    "ast": ("ficheru imaxe archivu", "categoría"),
    "az": ("fayl şəkil mediya", "kateqoriya"),
    "be": ("файл выява медыя", "катэгорыя"),
    "be-tarask": ("файл выява мэдыя", "катэгорыя"),
    "bg": ("файл картинка медия", "категория"),
    "bn": ("চিত্র মিডিয়া", "বিষয়শ্রেণী"),
    "br": ("restr skeudenn", "rummad"),
    "bs": ("datoteka slika medija", "kategorija"),
    "ca": ("fitxer imatge", "categoria"),
    "ce": ("файл медиа", "категори"),
    "cs": ("soubor obrázok médium média", "kategorie"),
    "cv": ("ӳкерчĕк медиа", "категори"),
    "cy": ("delwedd", "categori"),
    "da": ("fil billede", "kategori"),
    "de": ("datei bild medium", "kategorie"),
    "el": ("αρχείο εικόνα μέσο", "κατηγορία"),
    "eo": ("dosiero aŭdvidaĵo", "kategorio"),
    "es": ("archivo imagen medio", "categoría"),
    "et": ("pilt fail meedia", "kategooria"),
    "eu": ("fitxategi irudi", "kategoria"),
    "fa": ("پرونده تصویر مدیا رسانه", "رده"),
    "fi": ("tiedosto kuva", "luokka"),
    "fr": ("fichier média", "catégorie"),
    "fy": ("ofbyld", "kategory"),
    "ga": ("íomhá meán", "catagóir"),
    "gl": ("ficheiro imaxe arquivo", "categoría"),
    "gu": ("ચિત્ર", "શ્રેણી"),
    "he": ("קובץ תמונה מדיה", "קטגוריה"),
    "hi": ("चित्र मीडिया", "श्रेणी"),
    "hr": ("datoteka slika mediji", "kategorija"),
    "hu": ("fájl kép média", "kategória"),
    "hy": ("պատկեր մեդիա", "կատեգորիա"),
    "id": ("berkas gambar media", "kategori"),
    "is": ("mynd skrá miðill", "flokkur"),
    "it": ("file immagine", "categoria"),
    "ja": ("ファイル 画像 メディア", "カテゴリ"),
    "ka": ("ფაილი სურათი მედია", "კატეგორია"),
    "kk": ("сурет таспа", "санат"),
    "kn": ("ಚಿತ್ರ", "ವರ್ಗ"),
    "ko": ("파일 그림 미디어", "분류"),
    "ku": ("wêne", "kategorî"),
    "la": ("fasciculus imago", "categoria"),
    "lb": ("fichier bild", "kategorie"),
    "lt": ("vaizdas", "kategorija"),
    "lv": ("attēls", "kategorija"),
    "mk": ("податотека слика медиум", "категорија"),
    "ml": ("പ്രമാണം ചിത്രം", "വർഗ്ഗം"),
    "mr": ("चित्र", "वर्ग"),
    "ms": ("fail imej", "kategori"),
    "my": ("ဖိုင်", "ကဏ္ဍ"),
    "nds": ("bild datei", "kategorie"),
    "ne": ("चित्र", "श्रेणी"),
    "nl": ("bestand afbeelding", "categorie"),
    "nn": ("fil bilde", "kategori"),
    "no": ("fil bilde medium", "kategori"),
    "oc": ("fichièr imatge", "categoria"),
    "pa": ("ਤਸਵੀਰ", "ਸ਼੍ਰੇਣੀ"),
    "pl": ("plik grafika", "kategoria"),
    "pt": ("ficheiro imagem arquivo multimédia", "categoria"),
    "ro": ("fișier imagine fişier", "categorie"),
    "ru": ("файл изображение медиа", "категория"),
    "sco": ("eemage file", "category"),
    "si": ("ගොනුව", "ප්‍රවර්ගය"),
    "sk": ("súbor obrázok médiá", "kategória"),
    "sl": ("slika datoteka", "kategorija"),
    "sq": ("skeda figura", "kategoria"),
    "sr": ("датотека слика медиј datoteka slika", "категорија kategorija"),
    "sv": ("fil bild", "kategori"),
    "sw": ("picha faili", "jamii"),
    "ta": ("படிமம்", "பகுப்பு"),
    "te": ("దస్త్రం బొమ్మ", "వర్గం"),
    "tg": ("акс", "гурӯҳ"),
    "th": ("ไฟล์ ภาพ สื่อ", "หมวดหมู่"),
    "tl": ("talaksan", "kategorya"),
    "tr": ("dosya resim", "kategori"),
    "tt": ("файл рәсем", "төркем"),
    "uk": ("файл зображення медіа", "категорія"),
    "ur": ("ملف تصویر", "زمرہ"),
    "uz": ("fayl tasvir", "turkum"),
    "vi": ("tập_tin hình phương_tiện", "thể_loại"),
    "yi": ("טעקע בילד", "קאַטעגאָריע"),
    "zh": ("文件 图像 圖像 檔案 图片 圖片 媒体文件 媒體", "分类 分類"),
}

# Languages whose wikis fall back to another's names.
_FALLBACKS: Mapping[str, str] = {
    "ab": "ru", "als": "de", "gsw": "de", "bar": "de", "frr": "de", "ksh": "de", "pdc": "de", "pfl": "de", "stq": "de",
    "lb": "de", "nds": "de", "dsb": "de", "hsb": "de", "rm": "de", "vls": "nl", "zea": "nl", "li": "nl",
    "nds-nl": "nl", "fy": "nl", "af": "nl", "wa": "fr", "pcd": "fr", "frp": "fr", "nrm": "fr", "br": "fr", "ht": "fr",
    "ln": "fr", "mg": "fr", "wo": "fr", "sg": "fr", "ty": "fr", "ff": "fr", "bm": "fr", "co": "it", "scn": "it",
    "nap": "it", "vec": "it", "lmo": "it", "pms": "it", "lij": "it", "sc": "it", "eml": "it", "fur": "it", "lld": "it",
    "roa-tara": "it", "an": "es", "ast": "es", "ay": "es", "gn": "es", "qu": "es", "nah": "es", "ext": "es",
    "lad": "es", "cbk-zam": "es", "pag": "tl", "gl": "pt", "mwl": "pt", "oc": "ca", "ba": "ru", "be": "ru",
    "be-tarask": "be", "be-x-old": "be", "ce": "ru", "cv": "ru", "kv": "ru", "koi": "ru", "lbe": "ru", "lez": "ru",
    "mdf": "ru", "mhr": "ru", "mrj": "ru", "myv": "ru", "os": "ru", "sah": "ru", "tt": "ru", "tyv": "ru", "udm": "ru",
    "xal": "ru", "av": "ru", "bxr": "ru", "inh": "ru", "krc": "ru", "kbd": "ru", "kk": "ru", "ky": "ru", "tg": "ru",
    "uk": "ru", "rue": "uk", "szl": "pl", "csb": "pl", "nn": "no", "nb": "no", "se": "no", "fo": "da", "kl": "da",
    "smn": "fi", "olo": "fi", "vep": "et", "fiu-vro": "et", "vro": "et", "sh": "hr", "bs": "hr", "ltg": "lv",
    "bat-smg": "lt", "sgs": "lt", "arz": "ar", "ary": "ar", "glk": "fa", "mzn": "fa", "azb": "fa", "lrc": "fa",
    "pnb": "ur", "bh": "hi", "bho": "hi", "mai": "hi", "awa": "hi", "anp": "hi", "new": "ne", "jv": "id", "su": "id",
    "min": "id", "ace": "id", "bjn": "id", "map-bms": "jv", "bug": "id", "ban": "id", "ceb": "tl", "war": "tl",
    "bcl": "tl", "ilo": "tl", "pam": "tl", "wuu": "zh", "gan": "zh", "hak": "zh", "zh-yue": "zh", "yue": "zh",
    "zh-min-nan": "zh", "nan": "zh", "zh-classical": "zh", "lzh": "zh", "za": "zh", "cdo": "zh", "ug": "zh",
    "mo": "ro", "roa-rup": "ro", "rup": "ro", "sr-ec": "sr", "simple": "en",
}


@dataclass(frozen=True)
class Namespaces:
    """The language of a wiki (`pt`, `zh-classical`), and the names, in lower case, of namespaces whose links show
    nothing."""

    language: str
    silent: frozenset[str]

    @staticmethod
    @lru_cache(maxsize=64)
    def of(language: str, declared: Sequence[tuple[str, int]] = ()) -> "Namespaces":
        """Those of a language, and of what a dump declares as pairs of a name and a key."""
        names = {name.lower() for name, key in declared if name and key in (*_FILE_KEYS, *_CATEGORY_KEYS)}
        falling = language
        for _ in range(4):  # the longest way back is shorter
            files, categories = _NAMES.get(falling, ("", ""))
            names |= {name.replace("_", " ") for name in f"{files} {categories}".split()}
            falling = _FALLBACKS.get(falling, "en")
        return Namespaces(language, frozenset(names | set(" ".join(_NAMES["en"]).split())))
