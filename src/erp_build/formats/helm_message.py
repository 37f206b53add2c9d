"""Says what to do about Helm's error messages. Helm exits with 1 for every error, so only its text tells them apart."""

import re

from erp_build.errors import first_hint

OTHER_OWNER = re.compile(
    r'"meta\.helm\.sh/release-name" must equal "(?P<ours>[^"]+)": current value is "(?P<owner>[^"]+)"'
)
OBJECT = re.compile(r'(?P<object>\w+ "[^"]+" in namespace "[^"]*") exists and cannot be imported')

HINTS = {
    "another operation": "a run was cut off: helm history shows the pending revision, helm rollback ends it",
    "invalid ownership metadata": "these objects were not made by Helm: delete them, or take them out of the chart",
    "cannot be imported": "another release owns these objects: was the release renamed?",
    "field is immutable": "the chart changes a field that cannot be changed: delete the object first",
    "updates to statefulset spec": "the chart changes a field that cannot be changed: delete the object first",
    "conflict occurred while applying": "somebody else owns this field (an HPA, kubectl): take it out "
    "of the chart, or undo the edit by hand",
    "exceeded quota": "the namespace's quota is used up: raise it, or lower what the chart asks for",
    "must have at most 1048576": "the chart is too large for a release: keep stray files out of it (.helmignore)",
    "too long: must have at most": "the chart is too large for a release: keep stray files out of it (.helmignore)",
    "no matches for kind": "the cluster does not know this kind: install its CRD, or correct apiVersion",
    "unable to build kubernetes objects": "the objects do not fit the cluster's schema: see the field that is named",
    "being terminated": "the namespace is being deleted: wait until it is gone, then create it again",
    "failed calling webhook": "a webhook of the cluster does not answer: look at its Service and pods",
    "forbidden": "give the role an access policy for this namespace",
    # Helm calls a cluster unreachable too where it answers and does not know the caller.
    "getting credentials": "the sign-in to the cluster failed: what is missing stands above Helm's message",
    "provide credentials": "the cluster does not know this role: add an access entry for it",
    "not found": "create what is missing (the namespace belongs to the cluster's set-up)",
    "unreachable": "check the network of the build, then run again",
    "timed out": "raise `timeout` in [chart], or look at the pods",
    "deadline exceeded": "raise `timeout` in [chart], or look at the pods",
    "nil pointer": "a value that the template needs is missing: helm template shows the same",
    "parse error": "fix the template that is named: helm template shows the same",
}
"""Part of a message in lower case -> what to do. The first match counts, so specific parts come first."""


def without_notes(stderr: str) -> str:
    """What Helm wrote to stderr, without the warnings and notes of its libraries (klog lines)."""
    return "\n".join(line for line in stderr.splitlines() if not line.startswith(("W", "I")))


def lint_mistakes(stdout: str) -> str:
    """Return the mistakes that `helm lint` prints to stdout; its stderr has only their number."""
    found = [line for line in stdout.splitlines() if not line.startswith(("==>", "[INFO]", "[WARNING]"))]
    return "\n".join(found).strip()


def next_step(message: str) -> str:
    """What to do about a message of Helm."""
    if owner := OTHER_OWNER.search(message):
        objects = ", ".join(found["object"] for found in OBJECT.finditer(message))
        return (
            f"another release owns these objects: {owner['owner']} owns {objects or 'them'}; was the release renamed? "
            f'write release = "{owner["owner"]}" in [chart], or uninstall that release first'
        )
    return first_hint(HINTS, message, "see Helm's message")
