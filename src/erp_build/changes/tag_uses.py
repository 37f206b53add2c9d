"""What a plan can tell of naming images by digest before Helm has rendered anything: a hint, not a decision."""

import re

from erp_build.clients.git.objects import texts
from erp_build.clients.git.repository import GitRepository
from erp_build.model.plan import Plan
from erp_build.model.project import Chart
from erp_build.model.releases.preview import BY_TAG

VERSION = re.compile(r"""["']?(?P<field>[\w./-]{0,316}version)["']?: """, re.IGNORECASE)
"""The beginning of a line that fills a version, which mostly is a label; a label has at most 317 characters."""

TAG = re.compile(r"\btag\b")

BY_CHOICE = 'erp-build.toml says pin = "never"'


def tag_warnings(repository: GitRepository, chart: Chart, plan: Plan) -> tuple[str, ...]:
    """Why the release of a plan may name its images by tag alone; nothing where no release is upgraded.

    The run decides by what Helm renders (`deployment.pinning`). This only reads the lines of the templates.
    """
    if not plan.upgrades_release:
        return ()
    if chart.pin == "never":
        return (f"{BY_TAG}: {BY_CHOICE}",)
    if not repository.has_metadata():
        return ()
    folder = f"{chart.path}/templates/"
    templates = {file.path: file.identifier for file in repository.source_files(plan.head)
                 if file.path.startswith(folder)}  # fmt: skip
    read = texts(repository, templates) if templates else {}
    found = (
        (path, number, match["field"])
        for path, text in read.items()
        for number, line in enumerate(text.splitlines(), 1)
        if (match := VERSION.match(line.lstrip())) and "{{" in line and TAG.search(line)
    )
    return tuple(
        f"{path}:{number} writes the tag of an image into `{field}`; where that is a label it takes no digest, and the "
        + ("run refuses the chart" if chart.pin == "always" else "release names its images by tag")
        for path, number, field in found
    )
