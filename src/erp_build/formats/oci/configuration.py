"""The configuration of an image: what a base image's becomes by the steps of a recipe.

Its settings are those that the engine writes, key by key, as the builder has them that is followed. The times are
fixed: the same steps on the same base make the same bytes, and so the same digest.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from erp_build.formats.dockerfile.direct.recipe import Health, MakeFolder, Setting, Step
from erp_build.formats.dockerfile.direct.start import environment_of

CREATED = "1970-01-01T00:00:00Z"
"""When every image was made: no time is a part of what it holds."""

COMMENT = "erp-build.direct.v1"
FROM_BASE = ("architecture", "author", "os", "os.features", "os.version", "variant")
SETTINGS_OF_BASE = (
    *("User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal"),
    *("ArgsEscaped", "Healthcheck", "Shell"),
)
"""What BuildKit keeps of a base image's settings; what only older engines wrote, of the container, goes."""

SHELL = ("/bin/sh", "-c")


class MadeStep(NamedTuple):
    """A step that has been done.

    Attributes:
        diff_id: digest of its layer before compression; empty: it made none.
    """

    step: Step
    diff_id: str = ""


def configuration_of(
    base: Mapping[str, Any], made: Sequence[MadeStep], platform: str, *, classic: bool = False
) -> bytes:
    """The configuration of an image.

    Args:
        base: the whole configuration of the base image; empty: there is none (`scratch`).
        made: all steps in their order, those of added labels too.
        platform: such as `linux/amd64`, where the base does not say it.
        classic: whether the engine's classic builder is followed, or BuildKit.

    Returns:
        JSON in its shortest form, with sorted keys, as UTF-8.
    """
    document = {name: base[name] for name in FROM_BASE if base.get(name)}
    if not {"os", "architecture"} <= document.keys():
        document = {**_platform(platform), **document}
    document["created"] = CREATED
    if authors := [
        one.step.words[0] for one in made if isinstance(one.step, Setting) and one.step.keyword == "MAINTAINER"
    ]:
        document["author"] = authors[-1]
    document["config"] = _settings(base, [one.step for one in made], classic=classic)
    diff_ids = [*_diff_ids(base), *(one.diff_id for one in made if one.diff_id)]
    document["rootfs"] = {"type": "layers", "diff_ids": diff_ids}
    document["history"] = [*_history_of(base), *map(_entry, made)]
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _settings(base: Mapping[str, Any], steps: Sequence[Step], *, classic: bool) -> dict[str, Any]:
    """The part `config`; what is empty is not there."""
    of_base = base.get("config") or {}
    settings = {name: of_base[name] for name in SETTINGS_OF_BASE if of_base.get(name)}
    settings["Env"] = [f"{name}={value}" for name, value in (environment_of(base) or {}).items()]
    if "WorkingDir" in settings or not (base or classic):
        settings["WorkingDir"] = "/" + settings.get("WorkingDir", "").removeprefix("/")
    has_command = False
    for step in steps:
        if isinstance(step, MakeFolder):
            settings["WorkingDir"] = step.setting
        elif isinstance(step, Setting) and step.keyword in CHANGES:
            health = settings.get("Healthcheck", {})
            CHANGES[step.keyword](settings, step)
            if classic:
                _follow_classic(settings, step.keyword, health)
            has_command = has_command or step.keyword == "CMD"
            if step.keyword == "ENTRYPOINT" and not has_command:
                # The base image's words are for its own entrypoint.
                settings.pop("Cmd", None)
    return {name: value for name, value in settings.items() if value}


def _follow_classic(settings: dict[str, Any], keyword: str, health: Mapping[str, Any]) -> None:
    """Change what the classic builder has otherwise than BuildKit; `health` is what was set before."""
    if keyword == "HEALTHCHECK":
        # The container that it makes for the instruction has the options of the image so far.
        settings["Healthcheck"] = {**health, **settings["Healthcheck"]}
    if keyword in ("CMD", "ENTRYPOINT"):
        settings["ArgsEscaped"] = False


def _set_variables(settings: dict[str, Any], step: Setting) -> None:
    found = dict(entry.split("=", 1) for entry in settings["Env"])
    settings["Env"] = [f"{name}={value}" for name, value in (found | dict(step.pairs)).items()]


def _set_labels(settings: dict[str, Any], step: Setting) -> None:
    settings["Labels"] = {**settings.get("Labels", {}), **dict(step.pairs)}


def _add_names(key: str) -> Callable[[dict[str, Any], Setting], None]:
    def add(settings: dict[str, Any], step: Setting) -> None:
        settings[key] = {**settings.get(key, {}), **{word: {} for word in step.words}}

    return add


def _set_text(key: str) -> Callable[[dict[str, Any], Setting], None]:
    def change(settings: dict[str, Any], step: Setting) -> None:
        settings[key] = step.words[0]

    return change


def _set_command(key: str) -> Callable[[dict[str, Any], Setting], None]:
    def change(settings: dict[str, Any], step: Setting) -> None:
        settings[key] = [*(settings.get("Shell") or SHELL if step.is_shell else ()), *step.words]
        settings["ArgsEscaped"] = settings.get("ArgsEscaped", False) or key == "Cmd"

    return change


def _set_shell(settings: dict[str, Any], step: Setting) -> None:
    settings["Shell"] = list(step.words)


def _add_trigger(settings: dict[str, Any], step: Setting) -> None:
    settings["OnBuild"] = [*settings.get("OnBuild", ()), *step.words]


def _set_health(settings: dict[str, Any], step: Setting) -> None:
    health = step.health or Health(())
    pairs = zip(("Test", "Interval", "Timeout", "StartPeriod", "StartInterval", "Retries"), health, strict=True)
    settings["Healthcheck"] = {name: value for name, value in pairs if value}


CHANGES: Mapping[str, Callable[[dict[str, Any], Setting], None]] = MappingProxyType({
    "ENV": _set_variables,
    "LABEL": _set_labels,
    "EXPOSE": _add_names("ExposedPorts"),
    "VOLUME": _add_names("Volumes"),
    "USER": _set_text("User"),
    "STOPSIGNAL": _set_text("StopSignal"),
    "CMD": _set_command("Cmd"),
    "ENTRYPOINT": _set_command("Entrypoint"),
    "SHELL": _set_shell,
    "ONBUILD": _add_trigger,
    "HEALTHCHECK": _set_health,
})  # fmt: skip
"""What each instruction changes in the settings; MAINTAINER is none of them."""


def _platform(platform: str) -> dict[str, Any]:
    system, _, rest = platform.partition("/")
    architecture, _, variant = rest.partition("/")
    return {"os": system, "architecture": architecture} | ({"variant": variant} if variant else {})


def _diff_ids(base: Mapping[str, Any]) -> list[str]:
    return list((base.get("rootfs") or {}).get("diff_ids") or ())


def _history_of(base: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The base image's history with one entry for each of its layers, which engines rely on."""
    left = len(_diff_ids(base))
    for entry in base.get("history") or ():
        has_layer = not entry.get("empty_layer") and left > 0
        left -= has_layer
        yield {**{key: value for key, value in entry.items() if key != "empty_layer"},
               **({} if has_layer else {"empty_layer": True})}  # fmt: skip
    for _ in range(left):
        yield {"created": CREATED, "comment": COMMENT}


def _entry(made: MadeStep) -> dict[str, Any]:
    entry: dict[str, Any] = {"created": CREATED, "created_by": made.step.text, "comment": COMMENT}
    return entry if made.diff_id else {**entry, "empty_layer": True}
