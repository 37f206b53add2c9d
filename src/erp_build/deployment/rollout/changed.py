"""What an upgrade changed of the objects that make pods: the manifests of two revisions compared."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from erp_build.formats.kubernetes.differences import differences
from erp_build.formats.kubernetes.manifest import flattened
from erp_build.model.images.image import ImageReference
from erp_build.model.releases.kubernetes import ContainerTemplate, ObjectName

WATCHED_KINDS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
Manifest = Iterable[Mapping[str, Any]]
Changed = Mapping[ObjectName, Mapping[str, Any]]
"""Objects that make pods, as a manifest has them."""


def changed_workloads(
    before: Manifest, after: Manifest, namespace: str, kinds: Collection[str] = WATCHED_KINDS
) -> Changed:
    """The objects of `after` that make pods and are new or have another `spec` than in `before`.

    Another label of the object itself, such as the chart's version, reaches no pod.

    Args:
        before: the objects of the former revision; none before a first installation.
        after: those of the new one.
        namespace: that of the release, where an object is that names none.
        kinds: of the objects.
    """
    former = workloads_in(before, namespace, kinds)
    return {
        name: item
        for name, item in workloads_in(after, namespace, kinds).items()
        if name not in former or _differ(former[name].get("spec"), item.get("spec"))
    }


def workloads_in(
    manifest: Manifest, namespace: str, kinds: Collection[str] = WATCHED_KINDS
) -> dict[ObjectName, Mapping[str, Any]]:
    """The objects of a manifest that make pods, or those of other kinds."""
    return {name_of(item, namespace): item for item in flattened(manifest) if item.get("kind") in kinds}


def name_of(item: Mapping[str, Any], namespace: str) -> ObjectName:
    """Which object it is; the release's own namespace stays empty."""
    about = item.get("metadata") or {}
    own = str(about.get("namespace") or "")
    return ObjectName(str(item.get("kind", "")), str(about.get("name", "")), "" if own == namespace else own)


def other_images(wanted: Iterable[ContainerTemplate], live: Iterable[ContainerTemplate]) -> Iterator[str]:
    """Each container, by its name, whose live image is another version than the wanted one.

    The registry may be another one: a cluster may rewrite images to those of a mirror.
    """
    found = {one.name: one.image for one in live}
    for one in wanted:
        has = ImageReference.parse(found.get(one.name, ""))
        names = ImageReference.parse(one.image)
        if (has.tag, has.digest) != (names.tag, names.digest):
            yield f"container {one.name} has {found.get(one.name, 'nothing')} instead of {one.image}"


def _differ(before: Any, after: Any) -> bool:
    return any(True for _ in differences(before, after))
