"""Renders and lints a chart without a cluster."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from erp_build.clients.files.private_folder import private_folder
from erp_build.clients.helm.calls import call_helm, raise_for_failure
from erp_build.formats.messages.helm_message import lint_mistakes
from erp_build.model.releases.capabilities import NOTHING_KNOWN, Capabilities

APIS_AT_ONCE = 500
"""APIs in one argument, which takes 128 KiB."""


def render_chart(
    chart: Path,
    release: str,
    namespace: str,
    values: Sequence[Path],
    cache: Path | None = None,
    cluster: Capabilities = NOTHING_KNOWN,
    *,
    is_upgrade: bool = False,
) -> str:
    """Render a chart with values files, and lint it.

    `is_upgrade` is what the chart reads as `.Release.IsUpgrade`; otherwise it is rendered as for an installation.

    Raises `ReleaseFailed` with Helm's words for what does not render, and for each mistake that lint names.
    """
    given = ["--namespace", namespace, *values_options(values)]
    if cluster.version:
        # Otherwise Helm takes the version that it was compiled for.
        given += ["--kube-version", cluster.version]
    parts = [cluster.apis[place : place + APIS_AT_ONCE] for place in range(0, len(cluster.apis), APIS_AT_ONCE)]
    apis = [word for part in parts for word in ("--api-versions", ",".join(part))]
    template = ["template", *given, *apis, *["--is-upgrade"] * is_upgrade, "--", release, str(chart)]
    done = call_helm(template, f"rendering of {chart.name}", cache=cache)
    raise_for_failure(done, "the chart does not render", str(chart))
    linted = call_helm(["lint", *given, "--", str(chart)], f"lint of {chart.name}", cache=cache)
    # On stderr lint prints only the number of mistakes; stdout names them.
    words = lint_mistakes(linted.stdout) or linted.stderr
    raise_for_failure(replace(linted, stderr=words), "the chart has mistakes", str(chart))
    return done.stdout


def values_options(values: Sequence[Path]) -> list[str]:
    """The options that name values files; each file overrides those before it."""
    return [word for path in values for word in ("--values", str(path))]


@contextmanager
def values_file(values: bytes) -> Iterator[Path]:
    """Provide a file with these values for the time of the block; no other user may read it."""
    with private_folder("erp-build-values-") as folder:
        file = folder / "values.yaml"
        file.touch(0o600)
        file.write_bytes(values)
        yield file
