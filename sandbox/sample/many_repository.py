"""A fourth sample, made and not kept: any number of services, each of which is a page that busybox serves.

No Maven and no base image: an image is `scratch` with two files, and is made without an engine. What grows with their
number is everything but compiling.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

from sandbox.endpoints import REGISTRY_HOST
from sandbox.sample.erp_repository import CHART, CONFIG, VALUES, begin, commit, discard_changes, write_files
from sandbox.sample.reactor_repository import CHART_YAML, SERVICE_VALUES, TEMPLATE

BUSYBOX = Path("/bin/busybox")
"""A program without libraries; Debian's `busybox-static`."""

SHARED = Path("shared/motd.txt")
"""A file whose change builds every service."""

DOCKERFILE = """FROM scratch
COPY busybox /bin/busybox
COPY www /www
USER 10001
EXPOSE 8080
ENTRYPOINT ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/www"]
"""
CONFIGURATION = """parameters = "/{tenant}/dev"
shared = ["shared/**"]

{services}
[build]
builder = "direct"

[chart]
namespace = "{tenant}-dev"
timeout = "15m"
stable = "1s"

[deploy]
lock_expires = "30s"
"""
SERVICE_TABLE = '[[service]]\npath = "services/{}"\npackage = "none"\n'


def names(number: int) -> tuple[str, ...]:
    """The names of so many services."""
    return tuple(f"page-{place:04}-service" for place in range(number))


def make(folder: Path, tenant: str, services: Sequence[str], program: Path = BUSYBOX) -> str:
    """Write the sample into a new folder, as a repository on `main` with one commit; returns the commit's id.

    Args:
        folder: made anew.
        tenant: its name.
        services: as `names` gives them.
        program: what serves the pages.
    """
    files = {
        ".gitignore": "erp-build-report/\n",
        str(CONFIG): _configuration(tenant, services),
        str(SHARED): "welcome\n",
        f"{CHART}/Chart.yaml": CHART_YAML,
        f"{CHART}/templates/services.yaml": TEMPLATE,
        str(VALUES): values_text(tenant, services),
    }
    write_files(folder, files)
    write_pages(folder, services, program)
    return begin(folder, f"페이지 {len(services)}개")


def write_pages(folder: Path, services: Sequence[str], program: Path) -> None:
    """Write what the image of each service is made of: its Dockerfile, its page, and the program that serves it."""
    for name in services:
        place = folder / "services" / name
        write_files(place, {"Dockerfile": DOCKERFILE, "www/index.html": f"hello from {name}\n"})
        # With its mode: a program that may not be run would be no entry point.
        shutil.copy(program, place / "busybox")


def change_services(repo: Path, services: Sequence[str], text: str) -> str:
    """Let the pages of services say something else; returns the commit's id."""
    discard_changes(repo)
    for name in services:
        page = repo / "services" / name / "www" / "index.html"
        page.write_text(f"{text} from {name}\n", encoding="utf-8")
    return commit(repo, f"{len(services)}개 페이지 변경")


def change_nothing(repo: Path, text: str) -> str:
    """Commit a file that belongs to nobody; returns the commit's id."""
    discard_changes(repo)
    (repo / "README.md").write_text(f"{text}\n", encoding="utf-8")
    return commit(repo, "안내 변경")


def values_text(tenant: str, services: Sequence[str]) -> str:
    """The values file of a chart with these services."""
    given = ((_key(name), name) for name in services)
    blocks = (SERVICE_VALUES.format(key=key, name=name, host=REGISTRY_HOST, tenant=tenant) for key, name in given)
    return "services:\n" + "".join(blocks)


def _configuration(tenant: str, services: Sequence[str]) -> str:
    return CONFIGURATION.format(tenant=tenant, services="\n".join(map(SERVICE_TABLE.format, services)))


def _key(name: str) -> str:
    """What erp-build.toml gives as `values_key` by itself: `page-0001-service` is `page0001`."""
    return name.removesuffix("-service").replace("-", "")
