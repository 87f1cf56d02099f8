"""What templates show, in the few forms that most of them have."""

from maslin.curation.ingest.wikipedia.templates.arguments import Arguments, Shown


def argument(*keys: int | str) -> Shown:
    """The first of these arguments that is given."""
    return lambda given: given.get(*keys)


def last(given: Arguments) -> str:
    """The last argument without a name."""
    return given.place[-1].strip() if given.place else ""


def joined(separator: str, start: int = 1) -> Shown:
    """All arguments without a name from number `start` on."""
    return lambda given: separator.join(given.filled(start))


def around(before: str, after: str = "", *keys: int | str) -> Shown:
    """An argument, by default the first, between two strings; nothing where it is not given."""
    wanted = keys or (1,)

    def shown(given: Arguments) -> str:
        inside = given.get(*wanted)
        return f"{before}{inside}{after}" if inside else ""

    return shown


def before(prefix: str) -> Shown:
    """A prefix, and the first argument where there is one."""
    return lambda given: prefix + given.get(1)


def constant(text: str) -> Shown:
    """The same words whatever the arguments are."""
    return lambda given: text


def block(*keys: int | str) -> Shown:
    """An argument on lines of its own."""
    return lambda given: f"\n{found}\n" if (found := given.get(*keys)) else ""


def with_original(original: int, *more: int) -> Shown:
    """A name, and in parentheses what it is called in its own language: `Aikido (合気道, Aikidō)`."""

    def shown(given: Arguments) -> str:
        inside = ", ".join(filter(None, (given.get(key) for key in (original, *more))))
        return f"{given.get(1)} ({inside})" if given.get(1) and inside else given.get(1) or inside

    return shown


def lost(given: Arguments) -> None:
    """A value that only the wiki can compute."""
    return None


def nothing(given: Arguments) -> str:
    """Footnotes, marks of maintenance, icons: a reader's sentence is whole without them."""
    return ""
