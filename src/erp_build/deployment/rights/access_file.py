"""The file with every right that a chart needs, for an administrator to apply."""

from collections.abc import Iterable, Sequence
from shlex import quote
from typing import Any

from erp_build.deployment.rights.needs import kind_of
from erp_build.deployment.rights.rbac import NAME, OwnNamespace, access_file
from erp_build.model.releases.release import Release
from erp_build.model.releases.rights import Kind, Need, Resources


def file_of_release(
    needs: Sequence[Need], objects: Iterable[Any], release: Release, *, path: str, notes: Iterable[str]
) -> str:
    """The text of the file for one release.

    Args:
        needs: of the release.
        objects: that its chart makes; a namespace among them must be there before its roles are.
        release: it names the roles that are in no namespace, so that two releases keep their own.
        path: of the file, for the command in its head.
        notes: further lines of its head.
    """
    places = {need.right.namespace for need in needs}
    made = [str((one.get("metadata") or {}).get("name")) for one in objects if kind_of(one) == Kind("v1", "Namespace")]
    return access_file(
        needs,
        head=(
            f"What the role of a run may do in the cluster for {release}: what Helm and the watch do, no more.",
            "",
            f"  kubectl apply --filename {quote(path)}",
            "",
            "The group is `KubernetesGroup` of infra/pipeline.yaml. The file is made of the objects of the chart: make",
            "it anew when the chart gets other kinds of objects or other namespaces.",
            *notes,
        ),
        cluster_role=f"{NAME}-{release.namespace}-{release.name}",
        makes=(OwnNamespace(one, release.name, release.namespace) for one in made if one in places),
    )


def assumption_notes(kinds: Iterable[Kind], resources: Resources) -> list[str]:
    """What a file says of resources that no cluster has named."""
    return [
        f"Assumed, as no cluster was asked: {kind} is {resources[kind].plural}, "
        + ("in its namespace." if resources[kind].is_namespaced else "in no namespace.")
        for kind in sorted(kinds)
    ]
