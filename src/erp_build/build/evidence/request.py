"""Collects what is said about an image that was just pushed."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from erp_build.clients.effects import ImageRequest
from erp_build.clients.machine.own_version import own_version
from erp_build.clients.site import Site
from erp_build.model.images.evidence import CheckOutcome, EvidenceRequest, Making
from erp_build.model.images.image import LocalImage, StoredImage
from erp_build.model.packaging import dockerfile_of
from erp_build.model.quality_checks.check_run import Checked

Bases = tuple[tuple[str, str], ...]


def evidence_request(
    site: Site, request: ImageRequest, image: StoredImage, made: LocalImage, checked: Iterable[Checked], seconds: float
) -> EvidenceRequest:
    """What is said about an image.

    Args:
        site: where it was built.
        request: what was asked for.
        image: as the registry has it.
        made: as the builder has made it.
        checked: the checks of this run.
        seconds: since its build began.
    """
    target, finished = request.target, site.clients.clock.now()
    return EvidenceRequest(
        name=f"{site.clients.registry.host()}/{request.repository}",
        image=image,
        making=Making(
            target=target.name,
            tag=request.tag,
            commit=request.commit,
            key=request.key,
            source=site.clients.repository.origin(),
            dockerfile=dockerfile_of(target),
            package=target.package,
            tests=site.project.build.tests,
            layers=target.layers,
            builder=made.builder,
            base=base_of(request.bases, made.base),
            bases=bases_of(request.bases, made.base),
            checks=tuple(_outcome(one) for one in checked if one.target == target.name),
            started=_moment(finished - timedelta(seconds=seconds)),
            finished=_moment(finished),
            version=own_version(),
        ),
    )


def base_of(known: Bases, final: tuple[str, str]) -> tuple[str, str]:
    """Name and digest of the image that one begins with; both empty where its own labels do not say it.

    Args:
        known: (name in the Dockerfile, digest) of the images that the builder had to take.
        final: what the labels of the image say.
    """
    name, digest = final
    return (name, digest or dict(known).get(name, "")) if name else ("", "")


def bases_of(known: Bases, final: tuple[str, str]) -> Bases:
    """Every image that the build used, the one that the image begins with last; arguments as above."""
    base = base_of(known, final)
    others = tuple(one for one in known if one[0] != base[0])
    return (*others, base) if base[0] else known


def _outcome(checked: Checked) -> CheckOutcome:
    reports = ((path, hashlib.sha256(content).hexdigest()) for path, content in checked.run.reports)
    return CheckOutcome(checked.check.name, checked.word, tuple(reports))


def _moment(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
