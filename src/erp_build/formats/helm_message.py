"""Says what to do about Helm's error messages. Helm exits with 1 for every error, so only its text tells them apart."""

import re

from erp_build.errors import first_hint
from erp_build.formats.messages import catalogue

OTHER_OWNER = re.compile(
    r'"meta\.helm\.sh/release-name" must equal "(?P<ours>[^"]+)": current value is "(?P<owner>[^"]+)"'
)
OBJECT = re.compile(r'(?P<object>\b\w++ "[^"]++" in namespace "[^"]*+") exists and cannot be imported')


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
    return first_hint(catalogue("helm"), message, "see Helm's message")
