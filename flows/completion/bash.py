"""Completion in bash 3.2 or newer: `eval "$(maslin completion bash)"`."""

from collections.abc import Iterable

from maslin.flows.completion.taken import FOLDERS, Place, Value

# The place is the words of commands and actions before the cursor. Names with blanks stay whole: one a line.
_SCRIPT = """\
_maslin() {
    local IFS=$'\\n' current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
    local place= word words= options= paths=
    if [[ $previous == = ]]; then  # --option=value are three words here
        previous=${COMP_WORDS[COMP_CWORD-2]}
    elif [[ $current == = ]]; then
        current=
    fi
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$place/$word" in
            @PLACES@) place=$place/$word ;;
        esac
    done
    case "$place $previous" in
@VALUES@
        *)
            case "$place" in
@FOLLOWING@
            esac
            if [[ $current == -* ]]; then
                words=$options paths=
            fi ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    if [[ -n $paths ]]; then
        COMPREPLY+=($(compgen "$paths" -- "$current"))
        compopt -o filenames 2>/dev/null
    fi
    return 0
}
complete -F _maslin maslin
"""


def script(places: Iterable[Place]) -> str:
    known, values, following = [], [], []
    for place in places:
        path = "".join(f"/{word}" for word in place.words)
        if path:
            known.append(path)
        for option in place.options:
            if option.value is not None:
                patterns = "|".join(f'"{path} {name}"' for name in option.names)
                values.append(
                    f"        {patterns}) words={_lines(option.value.choices)} paths={_how([option.value])} ;;")
        words = [*(name for name, _ in place.actions), *(word for value in place.values for word in value.choices)]
        options = [name for option in place.options for name in option.names]
        following.append(f'                "{path}") words={_lines(words)} options={_lines(options)} '
                         f"paths={_how(place.values)} ;;")
    return (_SCRIPT.replace("@PLACES@", "|".join(known)).replace("@VALUES@", "\n".join(values))
            .replace("@FOLLOWING@", "\n".join(following)))


def _lines(words: Iterable[str]) -> str:
    """Words as IFS parts them here, a line each: `$'local\\nserial'`."""
    return "$'" + "\\n".join(words) + "'"


def _how(values: Iterable[Value]) -> str:
    """How compgen finds the paths that any of the values may be: folders, files, or not at all."""
    paths = {value.paths for value in values} - {None}
    return "" if not paths else "-d" if paths == {FOLDERS} else "-f"
