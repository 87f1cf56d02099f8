"""Why two step directories have different digests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from maslin.manifests.manifest import Manifest
from maslin.manifests.workspace import Step, is_complete, read_manifest


def differences(old: Manifest, new: Manifest, old_root: Path, new_root: Path) -> list[str]:
    """Lines `place: old → new` for parameters, versions and inputs; steps among the inputs are followed down.

    `old_root` and `new_root` are the workspaces in which input directories are looked up.
    """
    return list(dict.fromkeys(_steps(old, new, old_root, new_root, "")))


def _steps(old: Manifest, new: Manifest, old_root: Path, new_root: Path, place: str) -> Iterator[str]:
    if old.digest == new.digest:
        if set(old.files) != set(new.files):
            names = sorted({entry.path for entry in set(old.files) ^ set(new.files)})
            yield f"{place}same digest, other files ({', '.join(names[:5])}): damage, or a broken law of determinism"
        return
    if old.kind != new.kind:
        yield f"{place}kind: {old.kind} → {new.kind}"
    if old.version != new.version:
        yield f"{place}step_version: {old.version} → {new.version}"
    yield from (f"{place}{line}" for line in _own(old, new))
    for role in sorted(old.inputs.keys() | new.inputs.keys()):
        one, other = old.inputs.get(role), new.inputs.get(role)
        if one == other:
            continue
        if one is None or other is None:
            yield f"{place}inputs.{role}: {_show(one)} → {_show(other)}"
        elif "@" in one and is_complete(old_root / one) and is_complete(new_root / other):
            yield from _steps(read_manifest(old_root / one), read_manifest(new_root / other), old_root, new_root,
                              f"{place}{role} › ")
        else:
            yield f"{place}inputs.{role}: {one} → {other}" + ("" if "@" in one else "  (the raw content differs)")


def why_stale(old: Manifest, step: Step) -> list[str]:
    """What a step as it is planned now has otherwise than the manifest `old` of its kind and name: lines as above."""
    lines = []
    if old.version != step.version:
        lines.append(f"step_version: {old.version} → {step.version}")
    lines += _own(old, step)
    for role in sorted(old.inputs.keys() | step.inputs.keys()):
        one, other = old.inputs.get(role), step.inputs.get(role)
        other = other.directory if isinstance(other, Step) else other
        if one != other:
            lines.append(f"inputs.{role}: {_show(one)} → {_show(other)}")
    return lines


def _own(old: Manifest, new: Manifest | Step) -> Iterator[str]:
    """What differs besides version and inputs."""
    yield from _values(old.parameters, new.parameters, "parameters")
    yield from _values(old.libraries, new.libraries, "libraries")


def _values(old: Any, new: Any, path: str) -> Iterator[str]:
    """Leaves that differ between two JSON values, with their paths; list entries that are steps go by name."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            if key not in old or key not in new:
                yield f"{path}.{key}: {_show(old.get(key))} → {_show(new.get(key))}"
            else:
                yield from _values(old[key], new[key], f"{path}.{key}")
    elif isinstance(old, list | tuple) and isinstance(new, list | tuple):  # a plan has tuples, JSON has none
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
