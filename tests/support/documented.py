"""The commands of README and docs, and which test runs those that cannot be run in a sample repository."""

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
QUICK_STARTS = (ROOT / "docs" / "quickstart.md", ROOT / "docs" / "quickstart.ko.md")

LIVE = (
    "erp-build plan --live",
    "erp-build run --rehearse",
    "erp-build status",
    "erp-build history",
    "erp-build verify",
    "erp-build unlock",
)
"""They need an account and a cluster, and change nothing: tests/world/test_docs.py runs each."""

INSTALLS = (
    "python3 -m venv ~/erp-build",
    "~/erp-build/bin/pip install --quiet .",
    '~/erp-build/bin/pip install --quiet ".[otel]"',
)
"""They need the package index: tests/world/test_docs.py runs each."""

_RELEASE = "tests/world/test_release.py"
_ROLLBACK = f"{_RELEASE}::test_a_rollback_is_proven_a_second_one_undoes_it_and_one_to_a_lost_image_touches_nothing"

ELSEWHERE = {
    **dict.fromkeys(LIVE, "tests/world/test_docs.py::test_every_command_that_only_reads_works_in_an_account"),
    **dict.fromkeys(INSTALLS, "tests/world/test_docs.py::test_the_quick_start_works_word_by_word"),
    "make demo": "tests/world/test_demo.py::test_the_demo_holds_with_helm_3",
    "make test": "tests/__main__.py::main",
    "erp-build run": f"{_RELEASE}::test_a_second_run_repairs_what_a_killed_one_left",
    "erp-build rollback": _ROLLBACK,
    "erp-build rollback --to 1a2b3c4": _ROLLBACK,
    "erp-build gate erp/notification-service:1a2b3c4": (
        "tests/world/test_gate.py::test_an_image_in_the_registry_is_judged_by_its_name"
    ),
    "export OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318": (
        "tests/unit/commands/test_trace.py::test_a_run_that_failed_is_sent_with_its_exit_code"
    ),
}
"""A documented command -> the test that runs it, in a world that has what it needs."""


def blocks(page: Path) -> list[str]:
    """The shell blocks of a page."""
    return re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def commands(page: Path) -> list[str]:
    """The commands of a page's shell blocks, without comments; `erp-build` in either of its spellings is one."""
    lines = [line for block in blocks(page) for line in block.replace("\\\n", " ").splitlines()]
    return [plain for line in lines if (plain := without_comment(line))]


def without_comment(line: str) -> str:
    """A line of a block up to its comment."""
    text = re.sub(r"(^|\s+)#\s.*$", "", line) if "#" in "".join(_unquoted(line)) else line
    return re.sub(r"^python3? -m erp_build\b", "erp-build", text.strip())


def _unquoted(line: str) -> list[str]:
    return re.findall(r"""(?:"[^"]*"|'[^']*')|([^"'])""", line)


def words(command: str) -> list[str]:
    """The words of a command of ours behind `erp-build`."""
    return shlex.split(command)[1:]
