"""A Helm chart on this machine: linted and rendered without any cluster. What it renders may hold secrets."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from erp_build.clients.helm.call import call_helm, check
from erp_build.model.project import Chart


class LocalCharts:
    """Calls `helm lint` and `helm template`."""

    def rendered(self, root: Path, chart: Chart, values: bytes) -> tuple[Mapping[str, Any], ...]:
        """The objects that the chart makes of values; raises `ReleaseFailed` with what does not render or lint."""
        folder = root / chart.path
        with tempfile.NamedTemporaryFile(prefix="erp-build-values-", suffix=".yaml") as file:
            file.write(values)
            file.flush()
            given = ["--namespace", chart.namespace, "--values", file.name]
            done = call_helm(["template", chart.release, str(folder), *given], f"rendering of {folder.name}")
            check(done, "the chart does not render", str(folder))
            linted = call_helm(["lint", str(folder), *given], f"lint of {folder.name}")
            check(linted, "the chart has mistakes", str(folder))
        from ruamel.yaml import YAML

        documents = YAML(typ="safe", pure=True).load_all(done.stdout)
        return tuple(item for item in documents if isinstance(item, dict))
