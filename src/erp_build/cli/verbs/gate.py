"""`gate`: judge images, or what runs, by their scans in the registry, or by recorded scan answers."""

import argparse
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from erp_build.cli.console import Console
from erp_build.cli.options import UNIT, CommonOptions, file_option, flag, option
from erp_build.cli.running import judge_what_runs, require_all_judged
from erp_build.clients.files.atomic import write_file
from erp_build.clients.protocols import Registry
from erp_build.config.load import load_gate_policy
from erp_build.config.read_file import path_below
from erp_build.config.waivers import load_waivers
from erp_build.errors import ConfigurationError, NotConfigured, did_you_mean
from erp_build.formats.json_text import parsed_json
from erp_build.gate.cleared import read_cleared
from erp_build.gate.filter import Waivers
from erp_build.gate.recorded import ScanRecording, judge_recording
from erp_build.gate.result import GateRules, Judgement
from erp_build.gate.scans import NoReading, UnratedFinding, UnreadableScan, read_scan, read_time
from erp_build.gate.stage import clear_images, judge_images
from erp_build.model.images.image import BuiltImage, ImageReference
from erp_build.model.plan import Running
from erp_build.model.project import GatePolicy, Project
from erp_build.report.junit import junit_text
from erp_build.report.sarif import sarif_text
from erp_build.report.text.gate import judgement_text, summary_document

EXAMPLES = """\
examples:
  erp-build gate erp/notification-service:1a2b3c4 --policy strict.toml --sarif gate.sarif
  erp-build gate --running
  erp-build gate --running --tell
  erp-build gate --recorded answers.json
  erp-build gate --recorded answers.json --policy strict.toml --waivers waivers.toml --today 2026-12-31
  erp-build gate --recorded answers.json --deployed before.json --pushed 2026-11-20T10:00:00+09:00

answers.json is a list of answers to successive polls of DescribeImageScanFindings. The last answer repeats. Further
pages follow the answer with their nextToken. An error is {"Error": {"Code": ..., "Message": ...}}. Time is simulated.

--running judges every digest that pods and functions run by today's findings: 6 with what is over the policy, 7 where
that cannot be said. That it runs already is no excuse; --cleared leaves out what that run has let pass. --tell sends
this to the topic of [notify], and also that the check itself could not be done. Nothing is sent where everything was
judged and passes.
"""


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


class Options(CommonOptions):
    """The options of `gate`."""

    images: list[str] = option(
        "images",
        default=[],
        choice="exactly one",
        metavar="IMAGE",
        nargs="*",
        help="images in ECR: repository:tag or @digest",
    )
    recorded: Path | None = file_option("--recorded", "recorded answers instead, a JSON list", choice="exactly one")
    running: bool = flag("--running", "judge what runs now by today's findings", choice="exactly one")
    tell: bool = flag("--tell", "with --running: tell the topic of [notify] unless everything passes")
    cleared: Path | None = file_option("--cleared", "for --running: the report of the run that cleared what runs")
    policy: Path | None = file_option("--policy", "a TOML file with a [gate] table")
    waivers: Path | None = file_option("--waivers", "a waiver file, instead of the policy's")
    today: date | None = option("--today", metavar="DAY", type=_day, help="the day for waivers (default: today)")
    deployed: str | None = option(
        "--deployed", metavar="WHAT", help="what `new_only` compares with: an image, or its recording"
    )
    pushed: datetime | None = option(
        "--pushed", metavar="TIME", type=_time, help="when the recorded image was pushed, ISO 8601"
    )
    now: datetime | None = option(
        "--now", metavar="TIME", type=_time, help="when it was recorded: then `max_age` counts, ISO 8601"
    )
    json: bool = flag("--json", "print the judgement as JSON")
    sarif: Path | None = file_option("--sarif", "write the findings as SARIF 2.1.0 as well")
    junit: Path | None = file_option("--junit", "write the verdicts as JUnit's XML as well")
    unit: str | None = UNIT


def main(options: Options, console: Console) -> None:
    """Print the judgement. Exit codes 6 and 7 come from the same errors as in a run."""
    policy = load_gate_policy(options.policy) if options.policy else _project(console).gate
    for word, given in (("--cleared", options.cleared), ("--tell", options.tell)):
        if given and not options.running:
            raise ConfigurationError(
                f"{word} is for --running", where="gate", next_step="add --running, or leave it out"
            )
    now = options.now or console.clock.now()
    if options.today:
        now = datetime.combine(options.today, time(), UTC)
    rules = _rules(options, console, policy, now.date())
    if options.recorded:
        judgement = _judge_recorded(options.recorded, options, console, rules, now)
    elif options.running:
        _judge_running(options, console, rules)
        return
    else:
        judgement = _judge_named(options.images, options.deployed, rules, console)
    _print(judgement, options, console)
    clear_images(judgement)


def _judge_running(options: Options, console: Console, rules: GateRules) -> None:
    known = read_cleared(options.cleared) if options.cleared else None
    judged = judge_what_runs(console, options.unit, rules, known, tells=options.tell)
    # "passed" is not printed above an error: a part of what runs was not judged.
    if not judged.undone or any(row.verdict.outcome != "passed" for row in judged.judgement.rows):
        _print(judged.judgement, options, console)
    clear_images(judged.judgement)
    require_all_judged(judged)


def _project(console: Console) -> Project:
    """The project; outside of any, that of an empty file: images and answers are judged without targets, too."""
    try:
        return console.project()
    except NotConfigured:
        return Project()


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
        now=options.now or now,
        ages=options.now is not None,
    )
    return judge_recording(recording, rules, lambda text, _: console.progress.detail(text))


def _judge_named(names: Sequence[str], deployed: str | None, rules: GateRules, console: Console) -> Judgement:
    """Judge images by name; `deployed` is what `new_only` compares them with."""
    project = _project(console)
    with console.clients(project) as clients:
        known = [target.repository for target in project.image_targets]
        images = [find_image(clients.registry, name, known) for name in names]
        running = {}
        if deployed:
            old = find_image(clients.registry, deployed, known)
            running = {one.target: Running(one.target, old.repository, old.tag, old.digest) for one in images}
        console.progress.stage("judge images")
        return judge_images(clients, rules, images, running)


def find_image(registry: Registry, name: str, known: Sequence[str] = ()) -> BuiltImage:
    """The image with a name, `repository:tag` or `repository@sha256:...`, with the registry's host or without.

    `known` are the repositories of the project without their prefix, for a name that is misspelled.
    """
    reference = ImageReference.parse(name)
    if not reference.tag and not reference.digest:
        raise ConfigurationError(
            f"`{name}` names no image", where="gate", next_step="write repository:tag or repository@sha256:..."
        )
    stored = registry.stored(reference.repository, reference.digest or reference.tag)
    if stored is None:
        raise ConfigurationError("there is no such image", where=name, next_step=_other_name(reference, known))
    return BuiltImage(
        target=name,
        repository=reference.repository,
        tag=reference.tag,
        digest=stored.digest,
        commit=None,
        origin="reused",
    )


def _other_name(reference: ImageReference, known: Sequence[str]) -> str:
    prefix = reference.repository.rpartition("/")[0]
    repositories = [f"{prefix}/{name}".lstrip("/") for name in known]
    look = f"aws ecr list-images --repository-name {reference.repository}"
    return look if reference.repository in repositories else did_you_mean(reference.repository, repositories, look)


def _print(judgement: Judgement, options: Options, console: Console) -> None:
    document = summary_document(judgement)
    for path, text in (
        (options.sarif, sarif_text(judgement, console.secrets)),
        (options.junit, junit_text(judgement, mask=console.secrets.mask)),
    ):
        if path:
            write_file(path, text.encode("utf-8", "backslashreplace"))
    text = f"{document['outcome']}: {document['why']}\n{judgement_text(judgement)}"
    console.show(document, text, as_json=options.json)


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
            with suppress(NoReading, UnratedFinding):  # a registry may answer so: the gate judges it
                read_scan([answer])
    except UnreadableScan as error:
        raise ConfigurationError(
            "the recorded answers do not have ECR's form",
            where=str(path),
            why=str(error),
            next_step="record DescribeImageScanFindings as `aws ecr describe-image-scan-findings` prints it",
        ) from error
