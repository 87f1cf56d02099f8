"""Why two step directories have different digests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from manifests.workspace import Step, is_complete, read_manifest


def differences(old: dict[str, Any], new: dict[str, Any], old_root: Path, new_root: Path) -> list[str]:
    """Lines `place: old → new` for parameters, versions and inputs; steps among the inputs are followed down.

    `old_root` and `new_root` are the workspaces in which input directories are looked up.
    """
    return list(dict.fromkeys(_steps(old, new, old_root, new_root, "")))


def _steps(old: dict[str, Any], new: dict[str, Any], old_root: Path, new_root: Path, place: str) -> Iterator[str]:
    before, after = old["identity"], new["identity"]
    if before["digest"] == after["digest"]:
        if before["files"] != after["files"]:
            names = _changed_files(before["files"], after["files"])
            yield f"{place}same digest, other files ({', '.join(names[:5])}): damage, or a broken law of determinism"
        return
    for key in ("kind", "step_version"):
        if before[key] != after[key]:
            yield f"{place}{key}: {before[key]} → {after[key]}"
    yield from (f"{place}{line}" for line in _own(before, after))
    for role in sorted(before["inputs"].keys() | after["inputs"].keys()):
        one, other = before["inputs"].get(role), after["inputs"].get(role)
        if one == other:
            continue
        if one is None or other is None:
            yield f"{place}inputs.{role}: {_show(one)} → {_show(other)}"
        elif "@" in one and is_complete(old_root / one) and is_complete(new_root / other):
            yield from _steps(read_manifest(old_root / one), read_manifest(new_root / other), old_root, new_root,
                              f"{place}{role} › ")
        else:
            yield f"{place}inputs.{role}: {one} → {other}" + ("" if "@" in one else "  (the raw content differs)")


def why_stale(old: dict[str, Any], step: Step) -> list[str]:
    """What a step as it is planned now has otherwise than the manifest `old` of its kind and name: lines as above."""
    before, lines = old["identity"], []
    if before["step_version"] != step.version:
        lines.append(f"step_version: {before['step_version']} → {step.version}")
    lines += _own(before, {"parameters": step.parameters, "libraries": step.libraries})
    for role in sorted(before["inputs"].keys() | step.inputs.keys()):
        one, other = before["inputs"].get(role), step.inputs.get(role)
        other = other.directory if isinstance(other, Step) else other
        if one != other:
            lines.append(f"inputs.{role}: {_show(one)} → {_show(other)}")
    return lines


def _own(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """What differs in two identities besides their inputs."""
    for key in ("parameters", "libraries"):
        yield from _values(before[key], after[key], key)


def _values(old: Any, new: Any, path: str) -> Iterator[str]:
    """Leaves that differ between two JSON values, with their paths; list entries that are steps go by name."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            if key not in old or key not in new:
                yield f"{path}.{key}: {_show(old.get(key))} → {_show(new.get(key))}"
            else:
                yield from _values(old[key], new[key], f"{path}.{key}")
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            if index >= len(old) or index >= len(new):
                one = old[index] if index < len(old) else None
                other = new[index] if index < len(new) else None
                yield f"{path}[{index}]: {_show(one)} → {_show(other)}"
            else:
                name = old[index].get("step") if isinstance(old[index], dict) else None
                yield from _values(old[index], new[index], f"{path}[{index}{' ' + name if name else ''}]")
    elif old != new or type(old) is not type(new):
        yield f"{path}: {_show(old)} → {_show(new)}"


def _show(value: Any) -> str:
    text = "(absent)" if value is None else str(value)
    return text if len(text) <= 200 else text[:200] + "…"


def _changed_files(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[str]:
    before = {entry["path"]: entry for entry in old}
    after = {entry["path"]: entry for entry in new}
    return [path for path in sorted(before.keys() | after.keys()) if before.get(path) != after.get(path)]
