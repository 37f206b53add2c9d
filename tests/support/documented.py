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
    "erp-build build --rehearse",
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
_ROLLBACK = f"{_RELEASE}::test_a_rollback_is_proven_one_to_a_commit_too_and_one_to_a_lost_image_touches_nothing"
_MIGRATION = "tests/world/test_migration.py::test_a_rollback_over_a_job_that_migrated_needs_an_answer"
_DOCTOR = "tests/world/test_doctor.py"

DOCTOR = (
    "erp-build doctor --only machine --only repository",
    "erp-build doctor --only connection --pipeline erp-unified-pipeline",
    "erp-build doctor --json",
)
"""They may find a problem, so their test looks at what they found and not at the exit code alone."""

RUNNER = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/erp/erp-build-runner:latest"
_FRESH = "tests/world/test_fresh.py::test_a_finding_that_came_later_is_told_and_rebuilt_for_its_fix"
_LOGS = "tests/world/test_logs.py"
OF_OTHERS = {
    "erp-build logs --since 1h": f"{_LOGS}::test_the_pods_of_the_release_print_in_order_of_time",
    "erp-build logs approval-request-service --follow": (
        f"{_LOGS}::test_following_shows_what_is_there_and_ends_by_a_signal_at_once"
    ),
    "docker build --file Dockerfile.runner --tag erp-build-runner .": (
        "tests/world/test_runner.py::test_every_tool_has_the_version_that_is_pinned"
    ),
    "docker build --file Dockerfile.runner --target slim --tag erp-build-runner:slim .": (
        "tests/world/test_runner_slim.py::test_it_has_what_a_run_calls_and_nothing_of_an_engine"
    ),
    f"docker build --file Dockerfile.runner --tag {RUNNER} .": (
        "tests/world/test_runner.py::test_nothing_of_this_machine_is_in_the_image"
    ),
    "kubectl apply --namespace erp-dev --filename infra/access.yaml": (
        "tests/world/test_policy.py::test_the_whole_policy_is_used_by_a_deployment"
    ),
    "aws cloudformation deploy --stack-name erp-build --template-file infra/pipeline.yaml "
    "--capabilities CAPABILITY_NAMED_IAM --parameter-overrides "
    "ConnectionArn=arn:aws:codeconnections:ap-northeast-2:123456789012:connection/... "
    "SourceRepository=owner/erp-microservices "
    "BuildRoleName=erp-unified-build-role PipelineRoleName=erp-unified-pipeline-role "
    "PipelineName=erp-unified-pipeline-2 ProjectName=erp-unified-build-2 "
    "MakeParameters=false MakeTopic=false": (
        "tests/world/test_template.py::test_the_stack_is_made_but_for_three_kinds"
    ),
    "aws cloudformation deploy --stack-name erp-build --template-file infra/pipeline.yaml "
    "--capabilities CAPABILITY_NAMED_IAM --parameter-overrides "
    "WorkerProject=erp-unified-workers MakeWorkers=true WorkersAtOnce=8": (
        "tests/contract/infra/test_stack.py::test_a_stack_that_is_asked_for_workers_makes_their_role_and_log"
    ),
}
"""Commands of other programs, whose tests make the same through the API of engine, cluster or account, and `logs`."""

ELSEWHERE = {
    **dict.fromkeys(LIVE, "tests/world/test_docs.py::test_every_command_that_only_reads_works_in_an_account"),
    **dict.fromkeys(INSTALLS, "tests/world/test_docs.py::test_the_quick_start_works_word_by_word"),
    "erp-build doctor --only workers --only worker-permissions --only permissions": (
        "tests/unit/doctor/test_workers.py::test_a_project_that_is_as_it_should_be_is_ok"
    ),
    "erp-build doctor --only files": (
        "tests/unit/doctor/test_files.py::test_each_target_has_a_line_with_what_was_looked_at"
    ),
    "erp-build init": "tests/unit/cli/test_init.py::test_without_a_terminal_the_file_is_shown_and_not_written",
    "erp-build init --write": "tests/unit/cli/test_init.py::test_of_a_repository_as_it_is_every_line_is_found",
    "erp-build run --until cleared --save plan.json": (
        "tests/unit/test_pipeline_saved_plan.py::test_a_run_until_cleared_changes_nothing_that_runs"
    ),
    "erp-build run --plan plan.json": (
        "tests/unit/test_pipeline_saved_plan.py::test_an_unmoved_plan_is_done_to_the_letter"
    ),
    "erp-build plan --live --save plan.json": (
        "tests/unit/cli/test_saved_plan.py::test_a_plan_without_images_is_built_and_deployed_as_it_says"
    ),
    "make demo": "tests/world/test_demo.py::test_the_demo_holds_with_helm_3",
    "make test": "tests/__main__.py::main",
    ".venv/bin/python -m sandbox up": "tests/world/conftest.py::_sandbox",
    ".venv/bin/python -m sandbox down": (
        "tests/world/test_down.py::test_down_leaves_no_process_mount_link_rule_name_or_folder"
    ),
    **OF_OTHERS,
    "erp-build doctor --only rights --write access.yaml": (
        "tests/unit/doctor/test_rights.py::test_the_command_writes_the_file_and_says_what_to_do_with_it"
    ),
    **dict.fromkeys(DOCTOR, "tests/world/test_docs.py::test_doctor_answers_in_an_account_whatever_it_is_asked"),
    "erp-build doctor": f"{_DOCTOR}::test_every_planted_trouble_is_found_and_none_is_invented",
    "erp-build run": "tests/world/test_run.py::test_lambda_is_updated_although_another_update_is_in_progress",
    "erp-build run --only notification-service employee-service": (
        "tests/unit/test_pipeline_only.py::test_what_is_left_out_stays_as_it_runs_and_the_next_run_deploys_it"
    ),
    "erp-build run --except approval-request-service": (
        "tests/unit/test_pipeline_only.py::test_except_leaves_out_what_it_names_and_nothing_else"
    ),
    "erp-build rollback": _ROLLBACK,
    "erp-build rollback --to 1a2b3c4": _ROLLBACK,
    "erp-build rollback --over-migration": _MIGRATION,
    "erp-build gate --running": "tests/world/test_gate.py::test_what_runs_is_judged_by_todays_findings",
    "erp-build gate --running --tell": _FRESH,
    "erp-build run --rebuild": _FRESH,
    "erp-build plan --live --rebuild": _FRESH,
    "erp-build status --exit-code": f"{_RELEASE}::test_every_edit_by_hand_is_seen_as_drift_and_a_plain_run_repairs_it",
    "erp-build gate erp/notification-service:1a2b3c4": (
        "tests/world/test_gate.py::test_an_image_in_the_registry_is_judged_by_its_name"
    ),
    "export OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318": (
        "tests/unit/cli/test_trace.py::test_a_run_that_failed_is_sent_with_its_exit_code"
    ),
}
"""A documented command -> the test that runs it, in a world that has what it needs."""


def blocks(page: Path) -> list[str]:
    """The shell blocks of a page."""
    return re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def commands(page: Path) -> list[str]:
    """The commands of a page's shell blocks, without comments; `erp-build` in either of its spellings is one."""
    lines = [line for block in blocks(page) for line in re.sub(r" *\\\n *", " ", block).splitlines()]
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
