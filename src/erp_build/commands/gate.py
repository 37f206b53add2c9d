"""`gate`: judge scan answers that were recorded, as the stage of a run would."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from erp_build.commands.console import Console
from erp_build.config.project import load_gate_policy
from erp_build.domain.image import BuiltImage
from erp_build.domain.project import GatePolicy
from erp_build.domain.verdict import Verdict
from erp_build.errors import ConfigurationError
from erp_build.stages.gate import ScanWatch, stop_unless_passed, watch
from erp_build.tools.clock import Deadline, SimulatedClock

EXAMPLES = """\
examples:
  erp-build gate --recorded answers.json
  erp-build gate --recorded answers.json --policy strict.toml

answers.json is a list: the answers of successive polls of DescribeImageScanFindings. The last one repeats; further
pages follow their nextToken in order; an error is {"Error": {"Code": ..., "Message": ...}}. The time is simulated.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `gate`."""
    parser.add_argument("--recorded", metavar="FILE", type=Path, required=True, help="recorded answers, a JSON list")
    parser.add_argument("--policy", metavar="FILE", type=Path, help="a TOML file with a [gate] table")
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")


def main(options: argparse.Namespace, console: Console) -> int:
    """Print the verdict; 6 and 7 come as errors, as from the stage."""
    policy = load_gate_policy(options.policy) if options.policy else console.project().gate
    image = BuiltImage(target=options.recorded.stem, repository="recorded", tag="", digest="recorded", commit=None)
    answers = read_answers(options.recorded)
    try:
        verdict = judge_recorded(image, answers, policy)
    except (AttributeError, TypeError, ValueError) as error:
        raise ConfigurationError(
            "the recorded answers are not as ECR gives them",
            where=str(options.recorded),
            why=str(error),
            next_step="record DescribeImageScanFindings as `aws ecr describe-image-scan-findings` prints it",
        ) from error
    console.print(_text(verdict, as_json=options.json))
    stop_unless_passed((image,), (verdict,))
    return 0


def judge_recorded(image: BuiltImage, answers: Sequence[Mapping[str, Any]], policy: GatePolicy) -> Verdict:
    """Judge recorded answers in a time that passes only by waiting."""
    deadline = Deadline(SimulatedClock(), policy.timeout)
    scans = RecordedScans(answers)
    return watch([ScanWatch(image, scans.scan_page, scans, policy, deadline)], deadline, lambda *_: None)[0]


def read_answers(path: Path) -> list[dict[str, Any]]:
    """The answers of a file; anything but a list of objects with at least one raises `ConfigurationError`."""
    try:
        answers = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            "the recorded answers cannot be read", where=str(path), why=str(error), next_step="give a JSON list"
        ) from error
    if not isinstance(answers, list) or not answers or not all(isinstance(answer, dict) for answer in answers):
        raise ConfigurationError(
            "the recorded answers are no list of answers", where=str(path), next_step='write [{"imageScanStatus": ...}]'
        )
    return answers


class RecordedScans:
    """Recorded answers in the place of the registry: a poll is an answer and the pages that its tokens lead to."""

    def __init__(self, answers: Sequence[Mapping[str, Any]]) -> None:
        self._polls: list[list[Mapping[str, Any]]] = []
        follows = False
        for answer in answers:
            if follows:
                self._polls[-1].append(answer)
            else:
                self._polls.append([answer])
            follows = bool(answer.get("nextToken"))
        self._poll = -1
        self._page = 0

    def scan_page(self, repository: str, digest: str, token: str | None) -> Mapping[str, Any]:  # noqa: ARG002
        """The next poll's first answer, or with a token the next page of this poll."""
        if token is None:
            self._poll, self._page = min(self._poll + 1, len(self._polls) - 1), 0
        else:
            self._page += 1
        pages = self._polls[self._poll]
        if self._page < len(pages):
            return pages[self._page]
        return {"Error": {"Code": "MissingPage", "Message": "the recording ends before the last page"}}

    def start_scan(self, repository: str, digest: str) -> None:
        """Nothing: the recording already holds what came of it."""


def _text(verdict: Verdict, *, as_json: bool) -> str:
    if not as_json:
        return f"{verdict.outcome}: {verdict.why}"
    findings = [{"name": one.name, "severity": one.severity, "package": one.package} for one in verdict.blocking]
    document = {
        "schema": 1,
        "outcome": verdict.outcome,
        "why": verdict.why,
        "counts": dict(verdict.counts),
        "blocking": findings,
    }
    return json.dumps(document, ensure_ascii=False)
