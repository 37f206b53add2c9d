"""Says what to do about Helm's error messages. Helm exits with 1 for every error, so only its text tells them apart."""

import re

from erp_build.errors import first_hint
from erp_build.formats.messages import catalogue

OTHER_OWNER = re.compile(
    r'"meta\.helm\.sh/release-name" must equal "(?P<ours>[^"]+)": current value is "(?P<owner>[^"]+)"'
)
OTHER_NAMESPACE = re.compile(
    r'"meta\.helm\.sh/release-namespace" must equal "(?P<ours>[^"]+)": current value is "(?P<owner>[^"]+)"'
)
OBJECT = re.compile(r'(?P<object>\b\w++ "[^"]++" in namespace "[^"]*+") exists and cannot be imported')


KLOG = re.compile(r"[IWEF][0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6} ++[0-9]++ [^\s:]++:[0-9]++\] ")
"""The beginning of a line of klog: level, day, time, thread, place."""


def without_notes(stderr: str) -> str:
    """What Helm wrote to stderr, without the warnings and notes of its libraries (klog lines)."""
    return "\n".join(line for line in stderr.splitlines() if not KLOG.match(line))


def lint_mistakes(stdout: str) -> str:
    """Return the mistakes that `helm lint` prints to stdout; its stderr has only their number."""
    found = [line for line in stdout.splitlines() if not line.startswith(("==>", "[INFO]", "[WARNING]"))]
    return "\n".join(found).strip()


def next_step(message: str) -> str:
    """What to do about a message of Helm."""
    owner, place = OTHER_OWNER.search(message), OTHER_NAMESPACE.search(message)
    objects = ", ".join(found["object"] for found in OBJECT.finditer(message))
    if place:
        name = f"the release {owner['owner']}" if owner else "a release of the same name"
        return (
            f"{name} in the namespace {place['owner']} owns {objects or 'these objects'}: an object of the whole "
            f"cluster belongs to one release, so put the namespace into its name ({{{{ .Release.Namespace }}}}), "
            f"leave it out of this chart, or correct `namespace` in [chart]"
        )
    if owner:
        return (
            f"another release owns these objects: {owner['owner']} owns {objects or 'them'}; was the release renamed? "
            f'write release = "{owner["owner"]}" in [chart], or uninstall that release first'
        )
    return first_hint(catalogue("helm"), message, "see Helm's message")
