"""`gate`: judge images by their scans in the registry, or by recorded scan answers."""

import argparse
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from erp_build.cli.console import Console
from erp_build.cli.options import CommonOptions
from erp_build.clients.files import write_result
from erp_build.config.load import load_gate_policy
from erp_build.config.read_file import path_below
from erp_build.config.waivers import load_waivers
from erp_build.errors import ConfigurationError
from erp_build.formats.json_text import parsed_json
from erp_build.gate.recorded import ScanRecording, judge_recording
from erp_build.gate.result import GateRules, Judgement
from erp_build.gate.scans import UnreadableScan, read_scan, read_time
from erp_build.gate.stage import clear_images
from erp_build.gate.waivers import Waivers
from erp_build.model.project import GatePolicy
from erp_build.report.junit import junit_text
from erp_build.report.sarif import sarif_text
from erp_build.report.text.gate import judgement_text, summary_document

EXAMPLES = """\
examples:
  erp-build gate erp/notification-service:1a2b3c4 --policy strict.toml --sarif gate.sarif
  erp-build gate --recorded answers.json
  erp-build gate --recorded answers.json --policy strict.toml --waivers waivers.toml --today 2026-12-31
  erp-build gate --recorded answers.json --deployed before.json --pushed 2026-11-20T10:00:00+09:00

answers.json is a list of answers to successive polls of DescribeImageScanFindings. The last answer repeats. Further
pages follow the answer with their nextToken. An error is {"Error": {"Code": ..., "Message": ...}}. Time is simulated.
"""


class Options(CommonOptions):
    """The options of `gate`."""

    images: list[str]
    recorded: Path | None
    policy: Path | None
    waivers: Path | None
    today: date | None
    deployed: str | None
    pushed: datetime | None
    json: bool
    sarif: Path | None
    junit: Path | None


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `gate`."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("images", metavar="IMAGE", nargs="*", default=[], help="images in ECR: repository:tag or @digest")
    what.add_argument("--recorded", metavar="FILE", type=Path, help="recorded answers instead, a JSON list")
    parser.add_argument("--policy", metavar="FILE", type=Path, help="a TOML file with a [gate] table")
    parser.add_argument("--waivers", metavar="FILE", type=Path, help="a waiver file, instead of the policy's")
    parser.add_argument("--today", metavar="DAY", type=_day, help="the day for waivers (default: today)")
    parser.add_argument("--deployed", metavar="WHAT", help="what `new_only` compares with: an image, or its recording")
    parser.add_argument("--pushed", metavar="TIME", type=_time, help="when the recorded image was pushed, ISO 8601")
    parser.add_argument("--json", action="store_true", help="print the judgement as JSON")
    parser.add_argument("--sarif", metavar="FILE", type=Path, help="write the findings as SARIF 2.1.0 as well")
    parser.add_argument("--junit", metavar="FILE", type=Path, help="write the verdicts as JUnit's XML as well")


def main(options: Options, console: Console) -> int:
    """Print the judgement. Exit codes 6 and 7 come from the same errors as in a run."""
    policy = load_gate_policy(options.policy) if options.policy else console.project().gate
    now = console.clock.now()
    if options.today:
        now = datetime.combine(options.today, time(), UTC)
    rules = _rules(options, console, policy, now.date())
    if options.recorded:
        judgement = _judge_recorded(options.recorded, options, console, rules, now)
    else:
        from erp_build.cli.image_references import judge_references

        judgement = judge_references(options.images, options.deployed, rules, console)
    _print(judgement, options, console)
    clear_images(judgement)
    return 0


def _rules(options: Options, console: Console, policy: GatePolicy, today: date) -> GateRules:
    path = options.waivers or (path_below(console.root, policy.waivers) if policy.waivers else None)
    rules = GateRules(policy=policy, waivers=Waivers(rows=load_waivers(path) if path else (), today=today))
    if rules.warning:
        console.complain(f"erp_build: {rules.warning}")
    return rules


def _judge_recorded(recorded: Path, options: Options, console: Console, rules: GateRules, now: datetime) -> Judgement:
    recording = ScanRecording(
        name=recorded.stem,
        answers=read_answers(recorded),
        deployed=read_answers(Path(options.deployed)) if options.deployed else (),
        pushed=options.pushed,
        now=now,
    )
    return judge_recording(recording, rules, lambda text, _: console.progress.detail(text))


def _print(judgement: Judgement, options: Options, console: Console) -> None:
    document = summary_document(judgement)
    for path, text in (
        (options.sarif, sarif_text(judgement)),
        (options.junit, junit_text(judgement, mask=console.secrets.mask)),
    ):
        if path:
            write_result(path, console.secrets.mask(text))
    if options.json:
        console.print(json.dumps(document, ensure_ascii=False))
    else:
        console.print(f"{document['outcome']}: {document['why']}\n{judgement_text(judgement)}")


def read_answers(path: Path) -> list[dict[str, Any]]:
    """Read a file of answers; raises `ConfigurationError` unless it is a list with at least one answer."""
    try:
        answers = parsed_json(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            "the recorded answers cannot be read", where=str(path), why=str(error), next_step="give a JSON list"
        ) from error
    if not isinstance(answers, list) or not answers or not all(isinstance(answer, dict) for answer in answers):
        raise ConfigurationError(
            "the recorded answers are not a list of answers",
            where=str(path),
            next_step='write [{"imageScanStatus": ...}]',
        )
    _refuse_malformed(answers, path)
    return answers


def _refuse_malformed(answers: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Refuse malformed answers here: a recording is written by hand, so this is the caller's mistake."""
    try:
        for answer in answers:
            if not isinstance(answer.get("Error", {}), dict):
                raise UnreadableScan("Error is not an object")  # noqa: TRY301 - read as one with those of read_scan
            read_scan([answer])
    except UnreadableScan as error:
        raise ConfigurationError(
            "the recorded answers do not have ECR's form",
            where=str(path),
            why=str(error),
            next_step="record DescribeImageScanFindings as `aws ecr describe-image-scan-findings` prints it",
        ) from error


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"`{text}` is no day such as 2026-12-31") from error


def _time(text: str) -> datetime:
    found = read_time(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"`{text}` is no time such as 2026-11-20T10:00:00+09:00")
    return found
