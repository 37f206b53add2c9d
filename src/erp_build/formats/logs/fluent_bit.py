"""Reads what Fluent Bit makes of the logs of pods: to which log groups it sends them, and whose line a record is."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from erp_build.formats.json_text import parsed_json
from erp_build.formats.kubernetes.manifest import flattened

SECTION = re.compile(r"\s{0,20}+\[(\w{1,40}+)\]")
SETTING = re.compile(r"\s{0,40}+([\w.]{1,80}+)\s{1,80}+(\S{1,600}+)")
STREAM = re.compile(r"([a-z0-9][a-z0-9.-]{0,252}+)_([a-z0-9][a-z0-9-]{0,62}+)_([a-z0-9][a-z0-9-]{0,127}+)\.log$")
"""The name of a log file on a node, with which that of a stream ends: pod, namespace, container and its id."""

CONTAINER_ID = 65
"""Letters of the container's id behind its name, with the dash."""

OUTPUTS = ("cloudwatch_logs", "cloudwatch")


class Record(NamedTuple):
    """A line of a pod as a record of CloudWatch; `namespace` and `container` are empty where it does not say them."""

    pod: str
    namespace: str
    container: str
    text: str


def log_groups(manifest: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The log groups to which a Fluent Bit among the objects of a release sends, each once.

    A group whose name holds a variable is not known.
    """
    texts = [
        text
        for item in flattened(manifest)
        if item.get("kind") == "ConfigMap" and isinstance(item.get("data"), Mapping)
        for text in item["data"].values()
        if isinstance(text, str)
    ]
    found = [group for text in texts for group in _groups(text)]
    return tuple(dict.fromkeys(group for group in found if "$" not in group))


def _groups(text: str) -> Iterator[str]:
    """The groups of the outputs of a classic configuration."""
    for section in _sections(text):
        if section.get("name") in OUTPUTS and (group := section.get("log_group_name")):
            yield group


def _sections(text: str) -> Iterator[dict[str, str]]:
    settings: dict[str, str] = {}
    for line in text.splitlines():
        if (begin := SECTION.match(line)) is not None:
            yield settings
            settings = {}
            if begin[1].upper() != "OUTPUT":
                settings["name"] = ""
        elif (setting := SETTING.match(line)) is not None:
            settings.setdefault(setting[1].lower(), setting[2])
    yield settings


def read_record(stream: str, message: str) -> Record:
    """Whose line a record is: by what the filter `kubernetes` wrote into it, else by the name of its stream.

    Args:
        stream: the name of the log stream.
        message: the record.
    """
    file = STREAM.search(stream)
    pod, namespace, container = (file[1].rpartition(".")[2], file[2], file[3][:-CONTAINER_ID]) if file else ("", "", "")
    document = _document(message)
    about = document.get("kubernetes")
    if isinstance(about, Mapping):
        pod, namespace, container = (
            str(about.get(name) or known)
            for name, known in (("pod_name", pod), ("namespace_name", namespace), ("container_name", container))
        )
    text = document.get("log")
    whole = text if isinstance(text, str) and (isinstance(about, Mapping) or "stream" in document) else message
    return Record(pod or stream, namespace, container, whole.rstrip("\r\n"))


def _document(message: str) -> Mapping[str, Any]:
    try:
        found = parsed_json(message)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
