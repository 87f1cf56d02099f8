"""Completion in fish: `maslin completion fish > ~/.config/fish/completions/maslin.fish`."""

from collections.abc import Iterable

from maslin.flows.completion.taken import FOLDERS, Place, Value


def script(places: Iterable[Place]) -> str:
    lines = ["complete -c maslin -f"]
    for place in places:
        seen = "; and ".join(f"__fish_seen_subcommand_from {word}" for word in place.words)
        names = " ".join(name for name, _ in place.actions)
        not_yet = "; and ".join(filter(None, [seen, f"not __fish_seen_subcommand_from {names}" if names else ""]))
        where = f"complete -c maslin -n {_quoted(not_yet)}"
        lines += [f"{where} -a {name} -d {_quoted(about)}" for name, about in place.actions]
        for option in place.options:
            names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
            takes = "" if option.value is None else f" -x{_how(option.value)}"
            lines.append(f"{where} {names}{takes} -d {_quoted(option.about)}")
        lines += [f"{where}{how}" for value in place.values if (how := _how(value))]
    return "\n".join(lines) + "\n"


def _how(value: Value) -> str:
    if value.choices:
        return f" -a {_quoted(' '.join(value.choices))}"
    if value.paths == FOLDERS:
        return " -a '(__fish_complete_directories)'"
    return " -a '(__fish_complete_path)'" if value.paths else ""


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("%%", "%") + "'"
