"""Read from the report of a run what the gate let pass of each image that it cleared."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from erp_build.errors import ConfigurationError
from erp_build.gate.filter import Identity, Known


def read_cleared(path: Path) -> dict[str, Known]:
    """Digest -> what ran before it already and so was let pass, for the images of a report that passed.

    The report is that of `run` or of `gate --json`. What was waived or without a fix is judged by the waivers and the
    fixes of today, so that a waiver that has expired blocks.

    Raises `ConfigurationError` for a file that is no such report.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
        return {image["digest"]: Counter(_findings(image)) for image in _images(document)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            "the report of the run that cleared what runs cannot be read",
            where=str(path),
            why=f"{type(error).__name__}: {error}",
            next_step="give report.json of that run, or leave --cleared out",
        ) from error


def _images(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    gate = document.get("gate", document)
    return [image for image in gate["images"] if image["outcome"] == "passed" and image["digest"]]


def _findings(image: Mapping[str, Any]) -> Iterator[tuple[Identity, str]]:
    for finding in image["known"]:
        packages = tuple(str(finding["package"]).split(", ")) if finding["package"] else ()
        yield (str(finding["name"]), packages), str(finding["severity"])
