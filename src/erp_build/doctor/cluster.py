"""Checks of the cluster: access, versions, and the state of the release."""

import re

from erp_build.doctor.diagnosis import CheckResult, Look
from erp_build.doctor.facts import Facts
from erp_build.doctor.machine import dotted
from erp_build.doctor.protocols import Version
from erp_build.errors import ReleaseFailed, told
from erp_build.model.images.image import ImageReference

HELM_TO_KUBERNETES_MINOR = {3: 15, 4: 34}
"""Helm's major version -> the minor version of Kubernetes that its minor version 0 was built for."""

SUPPORTED_MINORS_BEHIND = 3
"""Older minor versions of Kubernetes that a Helm supports (Helm's version support policy)."""

KUBERNETES_VERSION = re.compile(r"v?(\d+)\.(\d+)")


def check_access(facts: Facts) -> CheckResult:
    """Whether the cluster answers, and knows the caller."""
    release = facts.release()
    look = Look(f"eks:DescribeCluster and /version of {release.cluster}")
    try:
        version = facts.remote.cluster_reader.version(release)
    except ReleaseFailed as error:
        return look.problem(told(error), error.next_step or "see the message")
    return look.ok(f"it answers, and knows the role: Kubernetes {version}")


def check_versions(facts: Facts) -> CheckResult:
    """Whether Helm, and kubectl if installed, support the cluster's version."""
    stated = facts.remote.cluster_reader.version(facts.release())
    helm, kubectl = (facts.local.machine.version_of(program) for program in ("helm", "kubectl"))
    look = Look(f"/version of {facts.release().cluster}, helm and kubectl in PATH")
    found = KUBERNETES_VERSION.match(stated)
    if found is None or helm is None:
        return look.unknown(f"cluster {stated or 'unknown'}, no helm" if helm is None else stated, "see helm")
    minor = int(found[2])
    told = ", ".join(f"{name} {dotted(one)}" for name, one in (("Helm", helm), ("kubectl", kubectl)) if one)
    if troubles := _skews(minor, helm, kubectl):
        hint = "install versions that fit (helm.sh/docs/topics/version_skew)"
        return look.warning(f"Kubernetes {stated}, {told}: {'; '.join(troubles)}", hint)
    return look.ok(f"Kubernetes {stated}, {told}")


def check_release_name(facts: Facts) -> CheckResult:
    """Whether another release owns our Deployments: after a rename the old release still owns them."""
    release, environment = facts.release(), facts.environment()
    ours = {environment.repository(service.repository) for service in facts.project.services}
    look = Look(f"Deployments in namespace {release.namespace}: annotation meta.helm.sh/release-name")
    found = [
        one
        for one in facts.remote.cluster_reader.deployments(release)
        if ours & {ImageReference.parse(image).repository for image in one.images}
    ]
    strange = [one for one in found if one.owner != release.name]
    if strange:
        owner = strange[0].owner
        who = f"the release {owner}" if owner else "no release"
        names = ", ".join(one.name for one in strange)
        hint = f'write release = "{owner}" in [chart]' if owner else "add Helm's ownership labels and annotations"
        return look.problem(f"{who} owns {names}, and not {release.name}", f"{hint}, or take them away first")
    if not found:
        return look.ok("no Deployment of our services runs yet, so that none has another owner")
    return look.ok(f"{len(found)} of our services' Deployments, all of {release.name}")


def check_release_state(facts: Facts) -> CheckResult:
    """Whether the release is free: Helm refuses every upgrade while a revision is pending."""
    release = facts.release()
    look = Look(f"helm history {release.name} in {release.namespace}")
    history = facts.remote.clients.helm.history(release)
    if not history:
        return look.ok("there is no release yet: the first run installs it")
    last = history[-1]
    stands = f"revision {last.number} is {last.status}"
    if last.is_pending:
        hint = "a run rolls it back once nobody works on it; by hand: helm rollback"
        return look.warning(f"{stands}: somebody works on it, or was cut off", hint)
    if last.status == "failed":
        return look.warning(f"{stands}: {last.description}", "look at the pods; the next run deploys again")
    return look.ok(stands)


def check_dry_run(facts: Facts) -> CheckResult:
    """Whether the cluster would accept the chart as it is here."""
    release, chart = facts.release(), facts.project.chart
    values = facts.values()
    _ = facts.rendered()
    look = Look(f"helm upgrade --dry-run=server of {release.name} in {release.namespace}")
    try:
        facts.remote.clients.helm.check_chart(release, facts.root / chart.path, values, facts.below())
    except ReleaseFailed as error:
        return look.problem(told(error), error.next_step or "see the message")
    return look.ok("the cluster would accept it")


def _skews(minor: int, helm: Version, kubectl: Version | None) -> list[str]:
    newest = HELM_TO_KUBERNETES_MINOR[min(helm[0], max(HELM_TO_KUBERNETES_MINOR))] + helm[1]
    found = []
    if not newest - SUPPORTED_MINORS_BEHIND <= minor <= newest:
        found.append(f"this Helm was made for 1.{newest - SUPPORTED_MINORS_BEHIND} to 1.{newest}")
    if kubectl and abs(kubectl[1] - minor) > 1:
        found.append("kubectl may be one minor version away")
    return found
