"""Rights as RBAC: the rules that give them, and the whole file for `kubectl apply`."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from erp_build.deployment.rights.given import RBAC
from erp_build.model.releases.rights import URLS, Need, Right, Why

NAME = "erp-build"
"""Of the roles and of the group that they are for, which is `KubernetesGroup` of infra/pipeline.yaml."""

VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "escalate", "bind")
"""The order of verbs in a rule."""

PLAIN = re.compile(r"[a-z][a-z0-9./-]*")
"""What needs no quotes in YAML; words that mean something else there have none of these forms."""

RESERVED = ("null", "true", "false", "yes", "no", "on", "off", "y", "n")
CLUSTER_WIDE = "in the whole cluster"


class OwnNamespace(NamedTuple):
    """A namespace that the chart makes itself. It has to be there before its role, and marked as Helm's own."""

    name: str
    release: str
    release_namespace: str


def rule_lines(rights: Iterable[Right]) -> list[str]:
    """The lines of the rules that give these rights in one place; rights of the same kind share a rule."""
    verbs: dict[tuple[str, str, str], set[str]] = {}
    for right in rights:
        verbs.setdefault((right.group, right.resource, right.name), set()).add(right.verb)
    resources: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (group, resource, name), found in verbs.items():
        resources.setdefault((group, name, tuple(sorted(found, key=_verb_order))), []).append(resource)
    return [line for key, found in sorted(resources.items()) for line in _rule(*key, sorted(found))]


def told_rules(rights: Iterable[Right]) -> str:
    """The rules with the places where they are to be given, for an error."""
    lines = []
    for place, found in _by_place(rights):
        lines.append(f"{_named(place)}:")
        lines += [f"  {line}" for line in rule_lines(found)]
    return "\n".join(lines)


def places_of(rights: Iterable[Right]) -> str:
    """The places of rights, in words."""
    return " and ".join(_named(place) for place, _ in _by_place(rights))


def access_file(
    needs: Iterable[Need],
    *,
    head: Iterable[str],
    cluster_role: str = NAME,
    unnamed: str = "",
    makes: Iterable[OwnNamespace] = (),
) -> str:
    """The text of a file that gives the group `erp-build` what is needed, and no more.

    Args:
        needs: of a release.
        head: the comment at its begin, line by line.
        cluster_role: the name of what is in no namespace; two releases must not overwrite it for each other.
        unnamed: the namespace that the file does not name, because `kubectl apply --namespace` does.
        makes: namespaces of the chart itself.
    """
    listed = sorted(needs, key=lambda need: need.right.namespace or "~")
    documents = [_own_namespace(one) for one in makes]
    for place, found in groupby(listed, key=lambda need: need.right.namespace):
        documents += _role_and_binding(place, NAME if place else cluster_role, list(found), is_named=place != unnamed)
    comment = "".join(f"# {line}".rstrip() + "\n" for line in head)
    return comment + "---\n".join("\n".join((*one, "")) for one in documents)


def _role_and_binding(place: str, name: str, needs: Sequence[Need], *, is_named: bool) -> Iterator[list[str]]:
    kind = "Role" if place else "ClusterRole"
    about = ["metadata:", f"  name: {_scalar(name)}"]
    if place and is_named:
        about.append(f"  namespace: {_scalar(place)}")
    rules = []
    for why in Why:
        if rights := [need.right for need in needs if need.why is why]:
            rules += [f"  # {why}", *(f"  {line}" for line in rule_lines(rights))]
    yield [f"apiVersion: {RBAC}/v1", f"kind: {kind}", *about, "rules:", *rules]
    yield [
        *(f"apiVersion: {RBAC}/v1", f"kind: {kind}Binding", *about),
        *("roleRef:", f"  apiGroup: {RBAC}", f"  kind: {kind}", f"  name: {_scalar(name)}"),
        *("subjects:", "  - kind: Group", f"    apiGroup: {RBAC}", f"    name: {NAME}"),
    ]


def _own_namespace(one: OwnNamespace) -> list[str]:
    return [
        "# The chart makes this namespace. The marks let Helm take it for its own.",
        *("apiVersion: v1", "kind: Namespace", "metadata:", f"  name: {_scalar(one.name)}"),
        *("  labels:", "    app.kubernetes.io/managed-by: Helm"),
        *("  annotations:", f"    meta.helm.sh/release-name: {_scalar(one.release)}"),
        f"    meta.helm.sh/release-namespace: {_scalar(one.release_namespace)}",
    ]


def _rule(group: str, name: str, verbs: Sequence[str], resources: Sequence[str]) -> list[str]:
    if group == URLS:
        return [f"- nonResourceURLs: {_listed(resources)}", f"  verbs: {_listed(verbs)}"]
    lines = [f"- apiGroups: {_listed([group])}", f"  resources: {_listed(resources)}"]
    if name:
        lines.append(f"  resourceNames: {_listed([name])}")
    return [*lines, f"  verbs: {_listed(verbs)}"]


def _by_place(rights: Iterable[Right]) -> Iterator[tuple[str, list[Right]]]:
    listed = sorted(rights, key=lambda right: right.namespace or "~")
    for place, found in groupby(listed, key=lambda right: right.namespace):
        yield place, list(found)


def _named(place: str) -> str:
    return f"in namespace {place}" if place else CLUSTER_WIDE


def _verb_order(verb: str) -> tuple[int, str]:
    return VERBS.index(verb) if verb in VERBS else len(VERBS), verb


def _listed(words: Iterable[str]) -> str:
    return f"[{', '.join(map(_scalar, words))}]"


def _scalar(word: str) -> str:
    return word if PLAIN.fullmatch(word) and word not in RESERVED else json.dumps(word)
