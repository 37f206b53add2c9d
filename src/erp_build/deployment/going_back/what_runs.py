"""Report what every target runs now, after a rollback that failed."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain

from erp_build.clients.site import Site
from erp_build.errors import attempt, told
from erp_build.model.project import Function


def what_runs(site: Site) -> tuple[str, ...]:
    """Read what each target runs now, a line per target; a target that cannot be read says so."""
    services = _lines_or_why("services", partial(_service_lines, site))
    functions = [
        _lines_or_why(function.name, partial(_function_lines, site, function)) for function in site.project.functions
    ]
    return (*services, *chain.from_iterable(functions))


def _lines_or_why(name: str, read: Callable[[], Iterable[str]]) -> list[str]:
    found: list[str] = []
    trouble = attempt(lambda: found.extend(read()))
    return [f"  {name}: not known, {told(trouble)}"] if trouble else found


def _service_lines(site: Site) -> Iterator[str]:
    workloads = site.workloads()
    for service in site.project.services:
        workload = workloads[service.name]
        image = workload.image_of(site.repository(service)) if workload else None
        runs = f"{image.tag or image.digest}, {workload.progress}" if workload and image else "no Deployment"
        yield f"  {service.name}: {runs}"


def _function_lines(site: Site, function: Function) -> Iterator[str]:
    state = site.clients.functions.state(function.function)
    yield f"  {function.name}: {state.digest if state else 'no function'}"
