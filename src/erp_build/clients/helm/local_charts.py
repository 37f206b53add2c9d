"""Lints and renders a Helm chart without a cluster. The rendered manifest may hold secrets."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from erp_build.clients.helm.call import call_helm, raise_for_helm_failure
from erp_build.errors import ReleaseFailed
from erp_build.formats.helm_message import lint_mistakes
from erp_build.formats.yaml_reader import yaml_reader
from erp_build.model.project import Chart


class LocalCharts:
    """Calls `helm lint` and `helm template`."""

    def rendered(self, root: Path, chart: Chart, values: bytes) -> tuple[Mapping[str, Any], ...]:
        """Return the objects that a chart renders from values; raises `ReleaseFailed` if it does not render or lint."""
        with temporary_values_file(values) as path:
            return parse_manifest(render(root / chart.path, chart.release, chart.namespace, path))


def render(chart: Path, release: str, namespace: str, values: Path, cache: Path | None = None) -> str:
    """Render a chart with a values file, and lint it.

    Raises `ReleaseFailed` with Helm's words for what does not render, and for each mistake that lint names.
    """
    given = ["--namespace", namespace, "--values", str(values)]
    done = call_helm(["template", *given, "--", release, str(chart)], f"rendering of {chart.name}", cache=cache)
    raise_for_helm_failure(done, "the chart does not render", str(chart))
    linted = call_helm(["lint", *given, "--", str(chart)], f"lint of {chart.name}", cache=cache)
    # On stderr lint prints only the number of mistakes; stdout names them.
    words = lint_mistakes(linted.stdout) or linted.stderr
    raise_for_helm_failure(replace(linted, stderr=words), "the chart has mistakes", str(chart))
    return done.stdout


@contextmanager
def temporary_values_file(values: bytes) -> Iterator[Path]:
    """Provide a file with these values for the time of the block; no other user may read it."""
    with tempfile.NamedTemporaryFile(prefix="erp-build-values-", suffix=".yaml") as file:
        file.write(values)
        file.flush()
        yield Path(file.name)


def parse_manifest(manifest: str) -> tuple[dict[str, Any], ...]:
    """The objects of a manifest; empty documents are left out. Raises `ReleaseFailed` where it cannot be read."""
    from ruamel.yaml.error import YAMLError

    try:
        return tuple(item for item in yaml_reader("safe").load_all(manifest) if isinstance(item, dict))
    except (YAMLError, RecursionError) as error:
        # Without the message of the reader, which may quote a Secret.
        why = "it is nested too deeply" if isinstance(error, RecursionError) else "it is not YAML 1.2"
        raise ReleaseFailed(
            "what the chart renders cannot be read",
            where="helm",
            why=why,
            next_step="helm template shows it: simplify what is nested, or correct its YAML",
        ) from None
