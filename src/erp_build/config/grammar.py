"""What the names of a configuration may look like: one table of rules, and which key keeps to which.

The names become arguments of programs, parts of addresses, and paths. So each is held to the grammar of the service
that knows it, where it is read. None begins with `-`, which a program would take for an option, unless its service
allows that and it is never an argument.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from erp_build.formats.image_name import ECR_HOST

PLAIN = r"[^\x00-\x1f\x7f]"
SEGMENT = r"(?!\.{1,2}(?:/|\Z))[^/\x00-\x1f\x7f]+"
"""A part of a path, which is not `.` or `..`."""

PATTERN_SEGMENT = r"(?!\.{1,2}(?:/|\Z))(?!\s)[^/\\\x00-\x1f\x7f]+(?<!\s)"
"""A part of a pattern of paths. Git writes `/` everywhere, and a blank at an end is a slip of the pen."""

DIRECTORY_SEGMENT = r"(?!\.{1,2}(?:/|\Z))(?!\s)[^/\\*?\[\x00-\x1f\x7f]+(?<!\s)"
"""A part of a path that is written out: a pattern would name no directory."""

WORD = r"[a-z0-9]+(?:[._-][a-z0-9]+)*"
LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
"""A label of DNS (RFC 1123)."""

IMAGE_HOST = rf"(?:localhost|{LABEL}(?:\.{LABEL})+|{LABEL}(?=:))(?::[0-9]{{1,5}})?"
"""The host of a registry, as an image's name can begin with it: with a dot or a port, or `localhost`."""


class NameRule(NamedTuple):
    """The grammar of a name.

    Attributes:
        pattern: of the whole name.
        longest: characters that it may have.
        words: what it must be, in an error.
        example: one that is right.
    """

    pattern: str
    longest: int
    words: str
    example: str

    def accepts(self, text: str) -> bool:
        """Whether a text is such a name."""
        return len(text) <= self.longest and re.fullmatch(self.pattern, text) is not None


NAMES: Mapping[str, NameRule] = {
    "target": NameRule(rf"(?!-){SEGMENT}(?:/{SEGMENT})*", 255, "a name that does not begin with `-`", "a-service"),
    "directory": NameRule(
        rf"/*{DIRECTORY_SEGMENT}(?:/{DIRECTORY_SEGMENT})*/*",
        4096,
        "a path below the repository's root, without wildcards, `\\` and blanks at an end",
        "backend/a-service",
    ),
    "dockerfile": NameRule(
        rf"(?:\.\./)*{DIRECTORY_SEGMENT}(?:/{DIRECTORY_SEGMENT})*",
        4096,
        "the path of a file, relative to the service's own `path`; one that lies elsewhere begins with `../`",
        "Dockerfile",
    ),
    "context": NameRule(
        rf"\.|/*{DIRECTORY_SEGMENT}(?:/{DIRECTORY_SEGMENT})*/*",
        4096,
        "a path below the repository's root, or `.`, which is the root",
        ".",
    ),
    "stage": NameRule(r"[A-Za-z][A-Za-z0-9_.-]*", 128, "the name of a stage of the Dockerfile", "runtime"),
    "packager": NameRule(
        r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*", 64, "`maven`, `none`, or the name of a packager of your own", "none"
    ),
    "file": NameRule(rf"(?!/){PLAIN}+", 4096, "a relative path", "Dockerfile"),
    "path pattern": NameRule(
        rf"/*{PATTERN_SEGMENT}(?:/{PATTERN_SEGMENT})*/*",
        4096,
        "a pattern of paths below the repository's root, without `.`, `..`, `\\` and blanks at an end",
        "backend/proto/**",
    ),
    "ignore pattern": NameRule(r"[^\x00-\x08\x0a-\x1f\x7f]*", 4096, "a pattern as in .gitignore", "docs/"),
    "report pattern": NameRule(
        rf"(?!/)(?!(?:.*/)?\.\.(?:/|\Z)){PLAIN}+", 4096, "a pattern below the service's directory", "target/*.xml"
    ),
    "repository": NameRule(
        rf"{WORD}(?:/{WORD})*", 256, "a name of ECR: small letters, digits, and `.`, `_`, `-`, `/` between them", "a"
    ),
    "function": NameRule(
        r"(?:arn:aws[a-z-]*:lambda:[a-z]{2}(?:-[a-z]+)+-[0-9]:)?(?:[0-9]{12}:)?(?:function:)?[A-Za-z0-9_-]{1,64}"
        r"(?::(?:\$LATEST|[A-Za-z0-9_-]{1,128}))?",
        256,
        "the name or ARN of a Lambda function",
        "erp-dev-employee-service",
    ),
    "alias": NameRule(
        r"(?![0-9]+\Z)[A-Za-z0-9_-]+", 128, "an alias of Lambda: letters, digits, `-`, `_`, and no number alone", "live"
    ),
    "values key": NameRule(
        r"[^.\x00-\x1f\x7f]+(?:\.[^.\x00-\x1f\x7f]+)*", 1024, "keys with dots between them", "services.notification"
    ),
    "release": NameRule(
        rf"{LABEL}(?:\.{LABEL})*",
        53,
        "a name of Helm: up to 53 small letters, digits, and `-` or `.` between them",
        "erp-microservices",
    ),
    "namespace": NameRule(
        LABEL, 63, "a name of Kubernetes: up to 63 small letters, digits, and `-` between them", "erp-dev"
    ),
    "parameter": NameRule(
        r"/*[^/\s\x00-\x1f\x7f]+(?:/[^/\s\x00-\x1f\x7f]+)*/*",
        1011,
        "a name of Parameter Store, without blanks and empty parts",
        "/erp/dev",
    ),
    "topic": NameRule(
        r"(?:arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:)?[0-9A-Za-z_-]{1,256}",
        400,
        # No FIFO topic: it needs a group for each message, and no phone or chat can subscribe.
        "the name or the ARN of a standard topic of SNS",
        "erp-dev-alarms",
    ),
    "alarm prefix": NameRule(rf"{PLAIN}+", 255, "the beginning of names of CloudWatch alarms", "erp-dev-"),
    "alarm": NameRule(rf"{PLAIN}+", 255, "the name of a CloudWatch alarm", "erp-dev-errors"),
    "web address": NameRule(
        r"https?://[^\s\x00-\x20\x7f/?#@]+(?:[/?][^\s\x00-\x20\x7f#]*)?",
        2048,
        "an address that begins with https:// or http://, without a user",
        "https://erp.example.com/health",
    ),
    "branch": NameRule(
        r"(?!-)(?!.*(?:\.\.|@\{|//|/\.|\.lock(?:/|\Z)))(?![./])[^\x00-\x20\x7f~^:?*\[\\]+(?<![./])",
        244,
        "a branch of Git (git check-ref-format --branch)",
        "main",
    ),
    "check": NameRule(r"[A-Za-z0-9][A-Za-z0-9._-]*", 255, "the name of a folder", "checkstyle"),
    "variable": NameRule(r"[A-Za-z_][A-Za-z0-9_]*", 255, "an environment variable", "TOKEN"),
    "argument": NameRule(r"[^\x00]*", 131_071, "a word of a command", "verify"),
    "account": NameRule(r"[0-9]{12}", 12, "twelve digits", "123456789012"),
    "region": NameRule(r"[a-z]{2}(?:-[a-z]+)+-[0-9]", 64, "a region such as ap-northeast-2", "ap-northeast-2"),
    "registry host": NameRule(
        IMAGE_HOST,
        255,
        "a host as images are named by it, with a port where it has one, without `https://`",
        "docker.io",
    ),
    "image prefix": NameRule(
        rf"{IMAGE_HOST}(?:/{WORD})*/?",
        512,
        "a host, and what names begin with there, without `https://`",
        "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/docker-hub",
    ),
    "ecr host": NameRule(
        ECR_HOST.pattern, 255, "the host of a private registry of ECR", "123456789012.dkr.ecr.us-east-1.amazonaws.com"
    ),
    "codeartifact domain": NameRule(
        r"[a-z][a-z0-9-]{0,48}[a-z0-9]", 50, "a domain of CodeArtifact: 2 to 50 small letters, digits, `-`", "erp"
    ),
    "cluster": NameRule(r"[0-9A-Za-z][0-9A-Za-z_-]*", 100, "the name of an EKS cluster", "erp-dev"),
    "build project": NameRule(
        r"[A-Za-z0-9][A-Za-z0-9_-]+", 255, "a project of CodeBuild: letters, digits, `-`, `_`", "erp-unified-workers"
    ),
    "plain name": NameRule(r"[0-9A-Za-z][0-9A-Za-z_-]*", 255, "a name of letters, digits, `-`", "erp"),
}
"""Rule -> grammar. Lengths and letters are those of the services' own reference."""

KEYS: Mapping[str, Mapping[str, str]] = {
    "Project": {"parameters": "parameter", "shared": "path pattern", "ignore": "ignore pattern"},
    "Service": {
        "name": "target",
        "path": "directory",
        "dockerfile": "dockerfile",
        "package": "packager",
        "context": "context",
        "docker_target": "stage",
        "repository": "repository",
        "inputs": "path pattern",
        "values_key": "values key",
    },
    "Function": {
        "name": "target",
        "path": "directory",
        "dockerfile": "dockerfile",
        "package": "packager",
        "context": "context",
        "docker_target": "stage",
        "repository": "repository",
        "inputs": "path pattern",
        "function": "function",
        "alias": "alias",
    },
    "Chart": {"name": "target", "path": "directory", "values": "file", "release": "release", "namespace": "namespace"},
    "GatePolicy": {"waivers": "directory"},
    "DeployPolicy": {
        "alarms": "alarm prefix",
        "branch": "branch",
        "bake_alarms": "alarm",
        "bake_http": "web address",
        "bake_command": "argument",
    },
    "NotifyPolicy": {"topic": "topic"},
    "BuildOptions": {"registry": "ecr host"},
    "CodeArtifact": {"domain": "codeartifact domain", "owner": "account", "region": "region"},
    "FanOut": {"project": "build project"},
    "Check": {"maven": "argument", "command": "argument"},
}
"""Class of a table -> its keys that hold names -> their rules. A key with a list holds names of one rule."""


def broken_rules(kind: str, values: Mapping[str, object]) -> Iterator[tuple[str, str, NameRule]]:
    """Return the key, the text and the rule of each name in a table that does not keep to its rule.

    Args:
        kind: class that the table is read into.
        values: the table; what is no text is left to others.
    """
    for key, name in KEYS.get(kind, {}).items():
        found = values.get(key)
        for text in found if isinstance(found, list | tuple) else (found,):
            if isinstance(text, str) and not NAMES[name].accepts(text):
                yield key, text, NAMES[name]


def leads_out(folder: str, path: str) -> bool:
    """Whether a path that starts in a folder of the repository ends outside of the repository."""
    normal = posixpath.normpath(f"{folder}/{path}")
    return normal == ".." or normal.startswith("../")
