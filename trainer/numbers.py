"""Numbers as people read them: true minus signs, thin spaces, units."""

MISSING = "–"


def integer(value: int | float | None) -> str:
    """With thin thousands separators."""
    return MISSING if value is None else f"{round(value):,}".replace(",", "\u202f")


def decimal(value: float | None, digits: int = 4) -> str:
    return MISSING if value is None else f"{value:.{digits}f}".replace("-", "−")


def signed(value: float | None, digits: int = 4) -> str:
    return MISSING if value is None else f"{value:+.{digits}f}".replace("-", "−")


def percent(share: float | None, digits: int = 1) -> str:
    return MISSING if share is None else f"{100 * share:.{digits}f}\u202f%"


def p_value(value: float | None) -> str:
    if value is None:
        return MISSING
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}" if value < 0.01 else f"{value:.3f}"


def size(byte_count: int | float | None) -> str:
    """Bytes in decimal units."""
    if byte_count is None:
        return MISSING
    value = float(byte_count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            return f"{integer(value)} {unit}" if unit == "B" else f"{value:.3g} {unit}"
        value /= 1000
    raise AssertionError("unreachable")
