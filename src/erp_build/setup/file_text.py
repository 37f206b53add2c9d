"""Writes a draft as a commented erp-build.toml. A comment says where a line was read, or that it is a guess."""

import json
from collections.abc import Iterator, Sequence

from erp_build.formats.printable import one_line
from erp_build.setup.draft import Draft, DraftChart, DraftTarget, Found

GUESS = "a guess: nothing in the repository says it"
COLUMN = 44
"""Where comments begin, if their line leaves room."""

PARAMETERS = "/erp/dev"
RELEASE, NAMESPACE = "erp-microservices", "default"


def file_text(draft: Draft) -> str:
    """Return the text of the file."""
    return "\n".join(_lines(draft)) + "\n"


def _lines(draft: Draft) -> Iterator[str]:
    yield "# How erp-build sees this repository: docs/configuration.md explains every key."
    yield "# `erp-build init` wrote it from what is there. A comment says where a line was read; correct the guesses."
    yield ""
    yield "# Prefix in Parameter Store: below it account-id, region, project-name, environment, eks/cluster-name,"
    yield "# ecr/repository-prefix."
    yield _line("parameters", draft.parameters, PARAMETERS)
    if draft.shared:
        yield ""
        yield "# A change to one of these builds every target."
        yield from _list("shared", draft.shared)
    for target in draft.targets:
        yield ""
        yield from _target(target)
    yield from _charts(draft.charts)
    if draft.unsupported:
        yield ""
        yield "# Found, and not part of this file:"
        yield from (f"# - {one_line(line)}" for line in draft.unsupported)


def _target(target: DraftTarget) -> Iterator[str]:
    yield "[[service]]"
    yield f"# {one_line(target.why)}."
    yield from (f"# NOTE: {one_line(note)}." for note in target.notes)
    yield _line("name", Found(target.name, "-"))
    yield _line("path", Found(target.path, "-"))
    if target.kind == "lambda":
        yield _line("kind", Found("lambda", f"{target.dockerfile} is made for Lambda"))
    yield _line("dockerfile", Found(target.dockerfile, "-"))
    for key, found in (("package", target.package), ("context", target.context)):
        if found.value:
            yield _line(key, found)
    own = target.repository.where or "as the target; without the prefix, which is in Parameter Store"
    yield _line("repository", Found(target.repository.value, own))
    if target.kind == "lambda":
        yield _line("function", target.function)
    else:
        yield _line("values_key", target.values_key)
    if target.chart.value:
        yield _line("chart", target.chart)
    if target.inputs:
        yield from _list("inputs", target.inputs)


def _charts(charts: Sequence[DraftChart]) -> Iterator[str]:
    if not charts:
        yield ""
        yield "# [chart]: there is none that erp-build can deploy, see below. `plan` works, `run` cannot deploy."
    for chart in charts:
        yield ""
        yield from _chart(chart)


def _chart(chart: DraftChart) -> Iterator[str]:
    yield "[[chart]]" if chart.name else "[chart]"
    if chart.name:
        yield _line("name", Found(chart.name, "-"))
    yield _line("path", Found(chart.path.value, "-"))
    yield _line("values", chart.values)
    yield _line("release", chart.release, RELEASE)
    yield _line("namespace", chart.namespace, NAMESPACE)


def _line(key: str, found: Found, otherwise: str = "") -> str:
    text = f"{key} = {_quoted(found.value or otherwise)}"
    comment = found.where or GUESS
    return text if comment == "-" else f"{text:<{COLUMN}} # {one_line(comment)}"


def _list(key: str, found: tuple[Found, ...]) -> Iterator[str]:
    yield f"{key} = ["
    yield from (f"{f'  {_quoted(one.value)},':<{COLUMN}} # {one_line(one.where)}" for one in found)
    yield "]"


def _quoted(text: str) -> str:
    # What JSON escapes, TOML reads; it takes no DEL as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
