"""Whether the services' Deployments land where a run watches them: in the release's own namespace."""

from collections.abc import Iterable, Mapping
from typing import Any

from erp_build.clients.site import Site
from erp_build.deployment.pinning import names_image
from erp_build.errors import ConfigurationError
from erp_build.formats.kubernetes.manifest import flattened
from erp_build.formats.kubernetes.pod_template import containers_of
from erp_build.model.images.image import ImageReference
from erp_build.model.project import Service


def require_placement(site: Site, services: Iterable[Service], objects: Iterable[Mapping[str, Any]]) -> None:
    """Raise `ConfigurationError` for a service without a Deployment in the release's namespace.

    Args:
        site: where the release lies.
        services: those that it has.
        objects: what the chart renders. Other objects may lie in other namespaces.
    """
    namespaces = _namespaces_by_repository(objects, site.release.namespace)
    places = {service.name: namespaces.get(site.repository(service), set()) for service in services}
    if missing := [name for name, found in places.items() if not found]:
        raise ConfigurationError(
            f"the chart makes no Deployment for {len(missing)} services",
            where=site.project.chart.path,
            why="\n".join(f"{name}: no Deployment has a container with its image" for name in missing),
            next_step="switch them on in the values file, or correct `repository` and `values_key` in erp-build.toml",
        )
    own = site.release.namespace
    if elsewhere := {name: found - {own} for name, found in places.items() if found - {own}}:
        raise ConfigurationError(
            f"the chart puts {len(elsewhere)} services into another namespace than that of the release",
            where=f"{site.project.chart.path}, and namespace = {own!r} in [chart]",
            why="\n".join(f"{name}: {', '.join(sorted(found))} instead of {own}" for name, found in elsewhere.items()),
            next_step="correct the namespace in the values file or the template, or `namespace` in [chart] of "
            "erp-build.toml; nothing was changed",
        )


def require_absence(site: Site, services: Iterable[Service], objects: Iterable[Mapping[str, Any]]) -> None:
    """Raise `ConfigurationError` where the chart brings a service that does not run yet and was left out.

    It would get an image that the gate has not cleared. Arguments as `require_placement`.
    """
    images = {
        ImageReference.parse(one.image).repository
        for item in flattened(objects)
        for one in containers_of(str(item.get("kind", "")), item)
    }
    for service in services:
        repository = site.repository(service)
        if repository in images or names_image(objects, f"{site.clients.registry.host()}/{repository}"):
            raise ConfigurationError(
                f"{service.name} cannot be left out: it does not run yet, and the chart brings it",
                where=site.project.chart.path,
                why="the upgrade would deploy it with an image that the gate has not cleared",
                next_step=f"choose {service.name} as well, or leave out {site.project.chart.name} and let the chart "
                "that runs stay",
            )


def _namespaces_by_repository(objects: Iterable[Mapping[str, Any]], own: str) -> dict[str, set[str]]:
    """Repository -> the namespaces of all Deployments with an image of it; `own` where an object names none."""
    found: dict[str, set[str]] = {}
    for item in flattened(objects):
        if item.get("kind") == "Deployment":
            namespace = str((item.get("metadata") or {}).get("namespace") or own)
            for one in containers_of("Deployment", item):
                found.setdefault(ImageReference.parse(one.image).repository, set()).add(namespace)
    return found
