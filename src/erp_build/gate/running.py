"""Judge what runs by what is known today: every digest that a pod or a function has, not what a tag says.

It changes nothing that runs; a scan that is too old is asked for anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import NamedTuple

from erp_build.clients.clock import Deadline
from erp_build.clients.machine.parallel import ask_at_once
from erp_build.clients.site import Site
from erp_build.errors import ErpBuildError, GateInconclusive
from erp_build.gate.filter import Known
from erp_build.gate.image_watch import watch_running
from erp_build.gate.remarks import Remarks
from erp_build.gate.result import GateRules, Judged, Judgement
from erp_build.gate.stage import make_scan_client, watch
from erp_build.model.images.image import BuiltImage, ImageReference
from erp_build.model.project import Function, Service
from erp_build.model.releases.kubernetes import Container, Workload, deployments_by_repository
from erp_build.model.releases.units import name_of


class JudgedReleases(NamedTuple):
    """What the gate says of what runs of several releases.

    Attributes:
        judgement: of all of them that could be judged.
        undone: (name of the release, why), of those of which nothing is known.
    """

    judgement: Judgement
    undone: tuple[tuple[str, ErpBuildError], ...] = ()


def judge_releases(
    sites: Sequence[Site], rules: GateRules, cleared: Mapping[str, Known] | None = None
) -> JudgedReleases:
    """Judge what runs of each release; one that cannot be judged keeps no other one from it. See `judge_running`."""
    judged, undone = [], []
    for site in sites:
        try:
            judged.append(judge_running(site, rules, cleared))
        except ErpBuildError as error:
            undone.append((name_of(site.project), error))
    return JudgedReleases(reduce(Judgement.beside, judged, Judgement(rules=rules)), tuple(undone))


def judge_running(site: Site, rules: GateRules, cleared: Mapping[str, Known] | None = None) -> Judgement:
    """Judge every running digest by a result that is not older than `max_age`.

    Args:
        site: where it runs.
        rules: the policy and the waivers of today. That a finding runs already is no excuse, whatever `new_only` says.
        cleared: digest -> the findings that the verdict that cleared it let pass, where that is recorded.

    Raises `GateInconclusive` where nothing runs: that does not prove that nothing is wrong.
    """
    clients, known = site.clients, cleared or {}
    deadline = Deadline(clients.clock, rules.policy.timeout)
    images = find_running_images(site)
    if not images:
        raise GateInconclusive(
            "nothing runs that could be judged",
            where=f"{site.release.namespace} in {site.release.cluster}, Lambda",
            why="none of the targets of erp-build.toml was found there",
            next_step="correct the names in erp-build.toml, or deploy first; erp-build status shows what runs",
        )
    remarks = Remarks(site.say, [one.target for one in images])
    for name in sorted({one.name for one in site.project.image_targets} - {one.target for one in images}):
        remarks.say("nothing runs of it, so nothing of it was judged", name)
    scanner = make_scan_client(clients, remarks.say)
    watches = ask_at_once(lambda one: watch_running(clients, scanner, rules, one, known.get(one.digest)), images)
    verdicts = watch(watches, deadline, site.say)
    rows = tuple(Judged(image, verdict) for image, verdict in zip(images, verdicts, strict=True))
    return Judgement(rules=rules, rows=rows, remarks=remarks.lines)


def find_running_images(site: Site) -> tuple[BuiltImage, ...]:
    """Every image that runs of each target, by digest; where a target runs and does not say what, the digest is empty.

    Old pods of a rollout count as well: they run.
    """
    deployments = deployments_by_repository(site.clients.cluster.workloads(site.release))

    def read(target: Service | Function) -> list[str]:
        if isinstance(target, Function):
            return _digests_of_function(site, target)
        return _digests_of_service(site, target, deployments[site.repository(target)])

    found = zip(site.project.image_targets, ask_at_once(read, site.project.image_targets), strict=True)
    return tuple(
        BuiltImage(
            target=target.name,
            repository=site.repository(target),
            tag="",
            digest=digest,
            commit=None,
            origin="running",
        )
        for target, digests in found
        for digest in dict.fromkeys(digests)
    )


def _digests_of_service(site: Site, service: Service, workloads: Iterable[Workload]) -> list[str]:
    repository = site.repository(service)
    found = []
    for workload in workloads:
        if named := workload.image_of(repository):
            containers = [one for pod in workload.pods for one in pod.containers if _is_of(one, repository)]
            digests = [one.digest for one in containers if one.digest]
            if not digests:
                # No pod has pulled the image, as where it is scaled to 0: the next one that starts runs this one.
                stored = site.clients.registry.stored(repository, named.digest or named.tag)
                digests = [stored.digest if stored else named.digest]
            found += digests
    return found


def _is_of(container: Container, repository: str) -> bool:
    """Whether a container runs an image of a repository; its id may name another repository with the same digest."""
    return repository in (ImageReference.parse(text).repository for text in (container.image, container.image_id))


def _digests_of_function(site: Site, function: Function) -> list[str]:
    """What the function itself and its callers get: an alias may lead to another version."""
    state = site.clients.functions.state(function.function)
    if state is None:
        return []
    called = site.called_digest(function, state)
    return [state.digest, *([called] if called else [])]
