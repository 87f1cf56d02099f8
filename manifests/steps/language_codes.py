"""The labels of the language identifiers, and what else people call these languages: for recipes, without a model.

lid.176's labels are the codes of the Wikipedias it was trained on (Joulin et al., 2016), so `als` is Alemannic;
langdetect's are those of its 55 profiles. Other codes are ISO 639-2 and 639-3, names English, and a few countries'.
"""

import difflib
from functools import cache

UNKNOWN = "und"  # langdetect's answer for a text without letters, or with no probable language

# A line a label: lid.176's label, then other codes and names.
_WORDS = """
af afr afrikaans
als gsw alemannic
am amh amharic
an arg aragonese
ar ara arb arabic
arz egyptian
as asm assamese
ast asturian
av ava avaric
az aze azj azerbaijani
azb
ba bak bashkir
bar bavarian
bcl bikol
be bel belarusian by
bg bul bulgarian
bh bihari bho
bn ben bengali bangla
bo bod tib tibetan
bpy bishnupriya
br bre breton
bs bos bosnian
bxr bua buriat
ca cat catalan valencian
cbk chavacano
ce che chechen
ceb cebuano
ckb sorani
co cos corsican
cs ces cze czech cz
cv chv chuvash
cy cym wel welsh
da dan danish dk
de deu ger german deutsch
diq zza dimli zazaki
dsb
dty dotyali doteli
dv div dhivehi maldivian
el ell gre greek gr
eml emilian
en eng english
eo epo esperanto
es spa spanish castilian
et est ekk estonian ee
eu eus baq basque
fa fas per pes persian farsi
fi fin finnish
fr fra fre french
frr
fy fry frisian
ga gle irish
gd gla gaelic
gl glg galician
gn grn guarani
gom konkani kok
gu guj gujarati
gv glv manx
he heb iw hebrew
hi hin hindi
hif fijian
hr hrv croatian
hsb sorbian
ht hat haitian
hu hun hungarian
hy hye arm armenian
ia ina interlingua
id ind in indonesian
ie ile interlingue occidental
ilo iloko ilocano
io ido
is isl ice icelandic
it ita italian
ja jpn japanese jp
jbo lojban
jv jav javanese
ka kat geo georgian
kk kaz kazakh
km khm khmer cambodian
kn kan kannada
ko kor korean kr
krc karachay balkar
ku kur kmr kurdish
kv kom komi kpv
kw cor cornish
ky kir kyrgyz kirghiz
la lat latin
lb ltz luxembourgish
lez lezgian
li lim limburgish
lmo lombard
lo lao laotian
lrc luri
lt lit lithuanian
lv lav lvs latvian
mai maithili
mg mlg plt malagasy
mhr chm mari
min minangkabau
mk mkd mac macedonian
ml mal malayalam
mn mon khk mongolian
mr mar marathi
mrj
ms msa may zsm malay
mt mlt maltese
mwl mirandese
my mya bur burmese myanmar
myv erzya
mzn mazanderani
nah nahuatl
nap neapolitan
nds
ne nep npi nepali
new newari
nl nld dut dutch flemish
nn nno nynorsk
no nor nb nob norwegian bokmal bokmål
oc oci occitan
or ori ory odia oriya
os oss ossetian
pa pan punjabi panjabi
pam pampanga kapampangan
pfl palatine
pl pol polish
pms piedmontese
pnb
ps pus pbt pashto pushto
pt por portuguese
qu que quechua
rm roh romansh
ro ron rum mo romanian moldovan
ru rus russian
rue rusyn
sa san sanskrit
sah yakut sakha
sc srd sardinian
scn sicilian
sco scots
sd snd sindhi
sh hbs
si sin sinhala sinhalese
sk slk slo slovak
sl slv slovenian slovene
so som somali
sq sqi alb albanian
sr srp serbian rs
su sun sundanese
sv swe swedish
sw swa swh swahili kiswahili
ta tam tamil
te tel telugu
tg tgk tajik
th tha thai
tk tuk turkmen
tl tgl fil tagalog filipino
tr tur turkish
tt tat tatar
tyv tuvan tuvinian
ug uig uyghur uighur
uk ukr ukrainian ua
ur urd urdu
uz uzb uzn uzbek
vec venetian
vep veps
vi vie vietnamese vn
vls
vo vol volapük volapuk
wa wln walloon
war waray
wuu wu
xal kalmyk
xmf mingrelian
yi yid ji ydd yiddish
yo yor yoruba
yue cantonese
zh zho chi cmn chinese mandarin cn
"""
_LANGDETECT = (
    "af ar bg bn ca cs cy da de el en es et fa fi fr gu he hi hr hu id it ja kn ko lt lv mk ml mr ne nl no pa pl pt ro "
    "ru sk sl so sq sv sw ta te th tl tr uk ur vi zh-cn zh-tw")


@cache
def labels(method: str) -> tuple[str, ...]:
    """What the identifier `lid176` or `langdetect` calls the languages it knows."""
    if method == "langdetect":
        return (*_LANGDETECT.split(), UNKNOWN)
    return tuple(line.split()[0] for line in _WORDS.strip().splitlines())


def nearest(word: str, method: str) -> str | None:
    """The label of the language that people call so; else the label spelled most like it; None when none is near."""
    known = labels(method)
    written = word.strip().lower().replace("_", "-")
    for each in (written, written.partition("-")[0]):
        if (label := _of_words().get(each, each)) in known:
            return label
        if label == "zh" and method == "langdetect":
            return "zh-tw" if {"tw", "hk", "hant"} & set(written.split("-")) else "zh-cn"
    near = difflib.get_close_matches(written, [*_of_words(), *known], n=1, cutoff=0.75)
    label = _of_words().get(near[0], near[0]) if near else None
    return label if label in known else None


@cache
def _of_words() -> dict[str, str]:
    """Every code and name, with its label of lid.176's. A label stands for itself, whatever else is called so."""
    rows = [line.split() for line in _WORDS.strip().splitlines()]
    return {word: row[0] for row in rows for word in row[1:]} | {row[0]: row[0] for row in rows}
