"""A fifth sample, made and not kept: pages as in `many_repository`, each with a chart and a release of its own.

On demand there is a function as well. It is never called: what it runs is the page's program.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from sandbox.sample.erp_repository import CONFIG, begin, commit, discard_changes, write_files
from sandbox.sample.many_repository import BUSYBOX, values_text, write_pages
from sandbox.sample.reactor_repository import CHART_YAML, TEMPLATE
from sandbox.tenants.tenant import FUNCTION_IMAGE, Tenant

TIMEOUT = "60s"
"""Of a rollout, where a test says nothing else."""

FUNCTION = "payslip-function"
"""The name of the function in the configuration."""

HEAD = """parameters = "{parameters}"

[build]
builder = "direct"

[deploy]
lock_expires = "5s"
units = "apart"
"""
RELEASE = """
[[chart]]
name = "{chart}"
path = "charts/{chart}"
namespace = "{namespace}"
timeout = "{timeout}"
stable = "1s"

[[service]]
path = "services/{service}"
package = "none"
chart = "{chart}"
"""
OF_FUNCTION = """
[[service]]
path = "services/{name}"
package = "none"
kind = "lambda"
function = "{function}"
repository = "{repository}"
chart = "{chart}"
"""
NONE: Mapping[str, str] = MappingProxyType({})


def chart_of(service: str) -> str:
    """The chart of a service, and its release: `page-0001` of `page-0001-service`."""
    return service.removesuffix("-service")


def make(
    folder: Path,
    tenant: Tenant,
    timeouts: Mapping[str, str] = NONE,
    *,
    function: bool = False,
    program: Path = BUSYBOX,
) -> str:
    """Write the sample into a new folder, as a repository on `main` with one commit; returns the commit's id.

    Args:
        folder: made anew.
        tenant: its images are the services, as `many_repository.names` gives them.
        timeouts: service -> `timeout` of its chart, where that is another than `TIMEOUT`.
        function: whether the tenant's function is there as well, of the first chart.
        program: what serves the pages.
    """
    images = (*tenant.images, *((FUNCTION,) if function else ()))
    files = {".gitignore": "erp-build-report/\n", str(CONFIG): _configuration(tenant, timeouts, function=function)}
    for name in tenant.images:
        chart = f"charts/{chart_of(name)}"
        files[f"{chart}/Chart.yaml"] = CHART_YAML
        files[f"{chart}/templates/services.yaml"] = TEMPLATE
        files[f"{chart}/values-dev.yaml"] = values_text(tenant.name, (name,))
    write_files(folder, files)
    write_pages(folder, images, program)
    return begin(folder, f"릴리스 {len(tenant.images)}개")


def lose_page(repo: Path, service: str) -> str:
    """Let a service have no page any more, so that its pods never get ready; returns the commit's id."""
    discard_changes(repo)
    page = repo / "services" / service / "www" / "index.html"
    page.rename(page.with_name("other.html"))
    return commit(repo, f"{service}: 페이지 이동")


def _configuration(tenant: Tenant, timeouts: Mapping[str, str], *, function: bool) -> str:
    releases = (
        RELEASE.format(
            chart=chart_of(name), namespace=tenant.namespace, timeout=timeouts.get(name, TIMEOUT), service=name
        )
        for name in tenant.images
    )
    alone = OF_FUNCTION.format(
        name=FUNCTION, function=tenant.function, repository=FUNCTION_IMAGE, chart=chart_of(tenant.images[0])
    )
    return HEAD.format(parameters=tenant.parameters) + "".join(releases) + (alone if function else "")
