"""Completion in zsh: `eval "$(maslin completion zsh)"` after `compinit`, or a file `_maslin` in `$fpath`."""

from collections.abc import Iterable

from maslin.flows.completion.taken import FOLDERS, Place, Value


def script(places: Iterable[Place]) -> str:
    functions = [_function(place) for place in places]
    return "\n".join([
        "#compdef maslin", *reversed(functions),  # what is called stands before its caller
        'if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _maslin "$@"; else compdef _maslin maslin; fi\n'])


def _function(place: Place) -> str:
    """`_arguments` of one parser; an action's own function takes over behind its word."""
    lines = []
    for option in place.options:
        for name in option.names:
            others = " ".join(option.names)
            takes = "" if option.value is None else f":{_quoted(option.value.name)}:{_how(option.value)}"
            lines.append(f"'({others}){name}[{_quoted(option.about)}]{takes}'")
    lines += [f"':{_quoted(value.name)}:{_how(value)}'" for value in place.values]
    name = "_".join(("_maslin", *place.words))
    if not place.actions:
        return f"{name}() {{\n    _arguments \\\n        " + " \\\n        ".join(lines) + "\n}\n"
    lines += ["'1: :->action'", "'*:: :->rest'"]
    offered = "\n".join(f"        '{action}:{_quoted(about)}'" for action, about in place.actions)
    return (
        f"{name}() {{\n    local context state line\n    local -a actions=(\n{offered}\n    )\n"
        "    _arguments -C \\\n        " + " \\\n        ".join(lines) + "\n"
        "    case $state in\n        action) _describe action actions ;;\n"
        f"        rest) (( $+functions[{name}_$line[1]] )) && {name}_$line[1] ;;\n    esac\n}}\n")


def _how(value: Value) -> str:
    if value.choices:
        return f"({' '.join(value.choices)})"
    return "" if value.paths is None else "_files -/" if value.paths == FOLDERS else "_files"


def _quoted(text: str) -> str:
    r"""Text within '…[…]:…': quotes as they must be there, brackets and colons behind a backslash."""
    for sign in "\\[]:":
        text = text.replace(sign, "\\" + sign)
    return text.replace("'", "'\\''").replace("%%", "%")
