"""The permissions of a run's role: one list, with which the template's policy, `doctor` and the tests are checked.

The list is `permissions.toml`, and `infra/pipeline.yaml` carries exactly the same. `sts:GetCallerIdentity`, which a run
also calls, needs no permission.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any, Literal, NamedTuple

Stage = Literal["source", "settings", "build", "gate", "deploy", "verify", "report"]
"""When the action is called; in `source` and `report` also by CodeBuild itself, before and after a run."""

ALIAS = "alias of [[service]]"
ENHANCED = "enhanced scanning"
BASE_IMAGES = "base images in ECR elsewhere"
CODEARTIFACT = "[build.codeartifact]"
CREATE_ON_PUSH = "repositories that a push makes"
FAN_OUT = "[build.fan_out]"
MANUAL_APPROVAL = "a manual approval"
PUBLIC_ECR = "sign-in to public.ecr.aws"
TRACES = "traces of [deploy]"
"""Words of `only`."""


class Permission(NamedTuple):
    """An action, on what, why, and when in a run.

    Attributes:
        action: as a policy names it.
        resource: the ARN with `{names}` for what differs from one ERP to the next; see `on`.
        reason: for the reader of the policy.
        stage: the stage that calls it.
        only: what must be set for it to be needed; empty: every run may need it.
        fatal: whether a run fails without it; otherwise the run says what it could not do, and goes on.
    """

    action: str
    resource: str
    reason: str
    stage: Stage
    only: str = ""
    fatal: bool = True

    def on(self, names: Mapping[str, str]) -> str:
        """The resource with the names of one ERP: `partition`, `region`, `account`, `prefix`, `function` and so on."""
        return self.resource.format_map(names)


LISTED = tomllib.loads(files("erp_build.model").joinpath("permissions.toml").read_text(encoding="utf-8"))
RESOURCES: Mapping[str, str] = LISTED["resources"]
REPOSITORIES = RESOURCES["repositories"]
ANY = RESOURCES["any"]
CONNECTION = RESOURCES["connection"]
ELSEWHERE = RESOURCES["base_images"]


def _permissions(by_stage: Mapping[Stage, Sequence[Mapping[str, Any]]]) -> Iterator[Permission]:
    for stage, rows in by_stage.items():
        for row in rows:
            yield Permission(**{**row, "resource": RESOURCES[row["resource"]], "stage": stage})


RUN = tuple(_permissions(LISTED["run"]))
"""Everything, in the order of a run."""

DOCTOR = tuple(_permissions(LISTED["doctor"]))
"""What `doctor` reads beyond what a run reads. It is for people: the role of a run has none of it."""

WORKER = (
    *_permissions(LISTED["worker"]),
    *(one for one in RUN if one.stage in ("settings", "build") and one.only != FAN_OUT),
)
"""What the role of a worker needs: its source, its log, the settings, and the images."""

CHECK = (
    *_permissions({stage: rows for stage, rows in LISTED["check"].items() if stage != "of_run"}),
    *(
        one
        for one in RUN
        if one.resource != ELSEWHERE and (one.stage == "gate" or one.action in LISTED["check"]["of_run"])
    ),
)
"""What the role of the scheduled check of what runs needs: it reads, asks for scans, and tells."""

READS = frozenset(LISTED["reads"])
"""Those actions of `RUN` that `doctor`, `status`, `logs`, `plan --live` and `gate --running` call.

They change nothing."""
