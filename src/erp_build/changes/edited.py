"""Reads what of the release was changed by hand since it was deployed."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from erp_build.changes.drift import Object, is_built_in, is_drift_when_gone, object_drift, text_of
from erp_build.clients.site import Site
from erp_build.formats.kubernetes.live_object import Edit
from erp_build.model.images.image import ImageReference

GONE = "is gone"

SCALERS = ("HorizontalPodAutoscaler", "ScaledObject")
ANY_NUMBER: Object = {"spec": {"minReplicas": 0}}
"""Stands for an autoscaler whose limits are not known."""


class ObjectDrift(NamedTuple):
    """An object of the release that is not as it was deployed.

    Attributes:
        item: the object of the manifest.
        texts: every difference.
        repaired: those that an upgrade repairs, and that are not another image of a service: that is another baseline.
    """

    item: Object
    texts: tuple[str, ...]
    repaired: tuple[str, ...]

    @property
    def identity(self) -> tuple[str, str]:
        """Kind and name."""
        return str(self.item["kind"]), str(self.item["metadata"]["name"])

    def named(self, texts: tuple[str, ...]) -> str:
        """Some of the differences behind kind and name."""
        return f"{' '.join(self.identity)}: {'; '.join(texts)}"


def read_drift(site: Site) -> tuple[ObjectDrift, ...]:
    """Compare each object of the newest revision, but Secrets, with the live one. Says which ones may not be read."""
    cluster, release = site.clients.cluster, site.release
    manifest, scalers = tuple(objects_in(site.clients.helm.manifest(release))), cluster.scalers(release)
    autoscalers = Autoscalers(manifest, scalers)
    own_images = frozenset(site.repository(service) for service in site.project.services)
    found, unread = [], []
    for item, live in zip(manifest, cluster.live_objects(release, manifest), strict=True):
        if live is None:
            found += [_gone(item)] if is_drift_when_gone(item) else []
        elif not live:
            unread.append(f"{item['kind']} {item['metadata']['name']}")
        else:
            drift = object_drift(item, live, autoscalers.of(item), partial(cluster.tried, release))
            if drift:
                found.append(_drifted(item, drift, own_images))
    if unread:
        site.say(f"edits by hand are not seen of what may not be read: {', '.join(unread)}")
    return tuple(found)


def objects_in(manifest: Iterable[Object]) -> Iterator[Object]:
    """The objects of a manifest that have a name, but Secrets, and those within its lists too."""
    for item in manifest:
        if isinstance(listed := item.get("items"), list) and str(item.get("kind")).endswith("List"):
            yield from objects_in(one for one in listed if isinstance(one, Mapping))
        elif item.get("kind") != "Secret" and (item.get("metadata") or {}).get("name"):
            yield item


class Autoscalers:
    """What scales the objects of a release.

    Args:
        manifest: the objects of the release.
        scalers: every live autoscaler, whoever made it.
    """

    def __init__(self, manifest: Iterable[Object], scalers: Iterable[Object]) -> None:
        self._own = _by_target(one for one in manifest if one.get("kind") in SCALERS)
        self._live = _by_target(scalers)

    def of(self, item: Object) -> Object | None:
        """The autoscaler that scales an object.

        For one that the release does not have any number of pods is right: its limits are not the release's to judge,
        and KEDA goes down to 0, which is below every limit.
        """
        identity = (item["metadata"]["name"], item.get("kind"))
        own, mine = {_name(one) for one in self._own.get(identity, ())}, self._live.get(identity, [])
        if not own and not mine:
            return None
        return next((one for one in mine if _name(one) in own), ANY_NUMBER)


def _by_target(scalers: Iterable[Object]) -> dict[tuple[Any, Any], list[Object]]:
    """Name and kind of what is scaled -> what scales it."""
    found: dict[tuple[Any, Any], list[Object]] = {}
    for one in scalers:
        target: Any = one["spec"].get("scaleTargetRef") or {}
        # A stranger may have written anything here; what has no name scales nothing.
        if isinstance(name := target.get("name"), str) and isinstance(kind := target.get("kind", "Deployment"), str):
            found.setdefault((name, kind), []).append(one)
    return found


def _name(item: Object) -> str:
    return str(item["metadata"]["name"])


def _gone(item: Object) -> ObjectDrift:
    text = (GONE,)
    return ObjectDrift(item, text, text)


def _drifted(item: Object, drift: tuple[Edit, ...], own_images: frozenset[str]) -> ObjectDrift:
    kind = str(item["kind"])
    # Helm 3 does not compare a custom resource with the live one.
    repaired = [one for one in drift if is_built_in(item) and not one.is_left and not _is_baseline(one, own_images)]
    return ObjectDrift(item, tuple(text_of(one, kind) for one in drift), tuple(text_of(one, kind) for one in repaired))


def _is_baseline(edit: Edit, own_images: frozenset[str]) -> bool:
    return edit.path[-1] == "image" and ImageReference.parse(str(edit.wanted)).repository in own_images
