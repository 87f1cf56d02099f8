"""Amounts of money: the sign of a currency and the number."""

from maslin.curation.ingest.wikipedia.templates.arguments import Arguments, Shown, Table

# The sign by ISO 4217 code, as the English Wikipedia shows it; one that begins with a space follows the number.
_SIGNS = {
    "USD": "US$", "EUR": "€", "GBP": "£", "JPY": "¥", "CNY": "CN¥", "INR": "₹", "AUD": "A$", "CAD": "CA$", "NZD": "NZ$",
    "HKD": "HK$", "SGD": "S$", "TWD": "NT$", "MXN": "MX$", "BRL": "R$", "ARS": "AR$", "CLP": "CL$", "COP": "COL$",
    "KRW": "₩", "KPW": "₩", "RUB": "₽", "UAH": "₴", "TRY": "₺", "ILS": "₪", "NGN": "₦", "GHS": "GH₵", "PHP": "₱",
    "VND": "₫",
    "THB": "฿", "BDT": "৳", "PKR": "Rs ", "LKR": "Rs ", "NPR": "Rs ", "IDR": "Rp ", "MYR": "RM ", "ZAR": "R",
    "KES": "KSh ",
    "TZS": "TSh ", "UGX": "USh ", "EGP": "E£", "SAR": "SR ", "AED": "AED ", "KZT": "₸", "GEL": "₾", "AMD": "֏",
    "AZN": "₼",
    "MNT": "₮", "CRC": "₡", "PYG": "₲", "PEN": "S/", "BTC": "₿", "CHF": "CHF ", "DEM": "DM ", "FRF": "F ", "ITL": "₤",
    "SEK": " kr", "NOK": " kr", "DKK": " kr", "ISK": " kr", "CZK": " Kč", "PLN": " zł", "HUF": " Ft", "RON": " "
    "lei", "BGN": " lv",
    "RSD": " din.", "HRK": " kn", "IRR": " rials",
}
_PREFIXES = {"US": "USD", "A": "AUD", "AU": "AUD", "C": "CAD", "CA": "CAD", "CAN": "CAD", "NZ": "NZD", "HK": "HKD",
             "S": "SGD", "NT": "TWD", "MX": "MXN", "R": "BRL", "AR": "ARS"}
_NAMES = {
    "us_dollar us_dollars united_states_dollar": "USD", "£ pound_sterling": "GBP", "€ euro euros": "EUR",
    "₹ rs indian_rupee": "INR", "¥ jp¥ japanese_yen": "JPY", "rmb cn¥ renminbi chinese_yuan": "CNY",
    "₩ south_korean_won": "KRW", "₽ ruble russian_ruble": "RUB", "₱ philippine_peso": "PHP",
    "₪ nis": "ILS", "₺ turkish_lira": "TRY", "₴ hryvnia": "UAH", "₦ naira": "NGN", "฿ baht": "THB", "₫": "VND", "৳ "
    "taka": "BDT",
    "australian_dollar": "AUD", "canadian_dollar": "CAD", "hong_kong_dollar": "HKD", "new_zealand_dollar": "NZD",
    "singapore_dollar": "SGD", "swiss_franc": "CHF", "₿ bitcoin": "BTC",
    "kr": "SEK", "zł": "PLN", "rm": "MYR", "rp": "IDR", "ntd": "TWD", "dm": "DEM",
}
_MAGNITUDES = {
    "k": " thousand", "t": " thousand", "l": " lakh", "m": " million", "c": " crore", "b": " billion", "lc": " lakh "
    "crore",
    "tr": " trillion",
}


_BY_COUNTRY = {
    "USA": "USD", "GBR": "GBP", "JPN": "JPY", "CHN": "CNY", "IND": "INR", "AUS": "AUD", "CAN": "CAD", "NZL": "NZD",
    "KOR": "KRW", "BRA": "BRL", "MEX": "MXN", "RUS": "RUB", "CHE": "CHF", "SWE": "SEK", "NOR": "NOK", "DNK": "DKK",
    "POL": "PLN", "TUR": "TRY", "ZAF": "ZAR", "HKG": "HKD", "SGP": "SGD", "TWN": "TWD", "IDN": "IDR", "ISR": "ILS",
    **dict.fromkeys(("EUR", "DEU", "FRA", "ITA", "ESP", "NLD", "BEL", "AUT", "IRL", "PRT", "FIN", "GRC"), "EUR"),
}


def _amount(sign: str, number: str) -> str:
    if not sign.startswith(" "):
        return f"{sign}{number}".strip()
    return f"{number}{sign}" if number else sign.strip()


def _money(code: str) -> Shown:
    """{{INR|5|c}}, {{INRConvert|5|c}}: 5 crore rupees; what they are worth elsewhere is left out."""
    return lambda given: _amount(_SIGNS[code], given.get(1, "amount") + _MAGNITUDES.get(given.get(2).lower(), ""))


def by_code(amount: int, code: int) -> Shown:
    """{{currency|5|USD}}, {{FXConvert|GBP|5|m}}."""

    def shown(given: Arguments) -> str:
        name = given.get(code, "type", "currency").upper()
        name = _BY_COUNTRY.get(name, name)
        number = given.get(amount, "amount")
        return _amount(_SIGNS.get(name, f"{name} " if name else "$"), number + _MAGNITUDES.get(given.get(3), ""))

    return shown


def _old_pounds(given: Arguments) -> str:
    """{{£sd|l=5|s=3|d=6}}."""
    parts = (("£", given.get("l", 1), ""), ("", given.get("s", 2), "s"), ("", given.get("d", 3), "d"))
    return " ".join(f"{before}{number}{after}" for before, number, after in parts if number)


MONEY: Table = (
    *((f"{code.lower()} {code.lower()}convert", _money(code)) for code in _SIGNS),
    *((f"{prefix.lower()}$", _money(code)) for prefix, code in _PREFIXES.items()),
    *((names, _money(code)) for names, code in _NAMES.items()),
    ("currency", by_code(1, 2)),
    ("fxconvert", by_code(2, 1)),
    ("£sd lsd £.s.d.", _old_pounds),
)
