"""The permissions of a run's role: one list, with which the template's policy, `doctor` and the tests are checked.

`infra/pipeline.yaml` carries exactly this list. `sts:GetCallerIdentity`, which a run also calls, needs no permission.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Stage = Literal["source", "settings", "build", "gate", "deploy", "verify", "report"]
"""When the action is called; in `source` and `report` also by CodeBuild itself, before and after a run."""

_HERE = "{region}:{account}"
REPOSITORIES = f"arn:{{partition}}:ecr:{_HERE}:repository/{{prefix}}/*"
FUNCTION = f"arn:{{partition}}:lambda:{_HERE}:function:{{function}}"
ALIASES = f"{FUNCTION}:*"
CLUSTER = f"arn:{{partition}}:eks:{_HERE}:cluster/{{cluster}}"
PARAMETERS = f"arn:{{partition}}:ssm:{_HERE}:parameter{{parameters}}/*"
ALARMS = f"arn:{{partition}}:cloudwatch:{_HERE}:alarm:*"
TOPIC = f"arn:{{partition}}:sns:{_HERE}:{{topic}}"
LOGS = f"arn:{{partition}}:logs:{_HERE}:log-group:{{log_group}}:*"
BUCKET = "arn:{partition}:s3:::{bucket}"
ARTIFACTS = f"{BUCKET}/*"
REPORTS = f"arn:{{partition}}:codebuild:{_HERE}:report-group/{{project}}-*"
PIPELINE = f"arn:{{partition}}:codepipeline:{_HERE}:{{pipeline}}"
PROJECT = f"arn:{{partition}}:codebuild:{_HERE}:project/{{project}}"
ROLE = "arn:{partition}:iam::{account}:role/{role}"
CONNECTION = "{connection}"
KEY = "{key}"
ANY = "*"
"""For actions that know no narrower resource."""


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


ALIAS = "alias of [[service]]"
ENHANCED = "enhanced scanning"
OWN_KEY = "a KMS key of your own"

SOURCE = (
    Permission("codeconnections:UseConnection", CONNECTION, "the full clone comes through the connection", "source"),
    Permission("codestar-connections:UseConnection", CONNECTION, "the same, as older connections name it", "source"),
    Permission("s3:GetObject", ARTIFACTS, "the source's artifact and the cache are read", "source"),
    Permission("s3:GetObjectVersion", ARTIFACTS, "the pipeline names artifacts by version", "source"),
    Permission("s3:GetBucketAcl", BUCKET, "CodeBuild checks whose bucket it is", "source"),
    Permission("s3:GetBucketLocation", BUCKET, "CodeBuild checks where the bucket is", "source"),
    Permission("logs:CreateLogStream", LOGS, "each build has a stream of its own", "source"),
    Permission("logs:PutLogEvents", LOGS, "what a build prints", "source"),
    Permission("kms:Decrypt", KEY, "artifacts and SecureStrings under your own key", "source", OWN_KEY),
)
"""What CodeBuild itself calls before and while erp_build runs; erp_build reads SecureStrings with the same key."""

SETTINGS = (Permission("ssm:GetParameters", PARAMETERS, "the six parameters, and the secrets of checks", "settings"),)

BUILD = (
    Permission("ecr:GetAuthorizationToken", ANY, "the sign-in for a push; it knows no narrower resource", "build"),
    Permission("ecr:BatchGetImage", REPOSITORIES, "is it there, is it the same; also each pull and re-tag", "build"),
    Permission("ecr:GetDownloadUrlForLayer", REPOSITORIES, "the commit of a running image, and base images", "build"),
    Permission("ecr:BatchCheckLayerAvailability", REPOSITORIES, "a push asks which layers are there", "build"),
    Permission("ecr:InitiateLayerUpload", REPOSITORIES, "a push begins a layer", "build"),
    Permission("ecr:UploadLayerPart", REPOSITORIES, "a push sends a layer", "build"),
    Permission("ecr:CompleteLayerUpload", REPOSITORIES, "a push ends a layer", "build"),
    Permission("ecr:PutImage", REPOSITORIES, "the manifest of a push, a re-tag, and `latest`", "build"),
)

GATE = (
    Permission("ecr:DescribeImages", REPOSITORIES, "a scan counts only if it is newer than the push", "gate"),
    Permission("ecr:BatchGetRepositoryScanningConfiguration", REPOSITORIES, "how is it scanned", "gate", fatal=False),
    Permission("ecr:GetRegistryScanningConfiguration", ANY, "basic or enhanced scanning", "gate", fatal=False),
    Permission("ecr:StartImageScan", REPOSITORIES, "a scan where none was made on push", "gate"),
    Permission("ecr:DescribeImageScanFindings", REPOSITORIES, "the findings that are judged", "gate"),
    Permission("inspector2:ListCoverage", ANY, "ECR asks Inspector in the caller's name", "gate", ENHANCED),
    Permission("inspector2:ListFindings", ANY, "ECR asks Inspector in the caller's name", "gate", ENHANCED),
)

DEPLOY = (
    Permission("lambda:GetFunction", FUNCTION, "what runs, and whether the update is through", "deploy"),
    Permission("lambda:UpdateFunctionCode", FUNCTION, "the new image, by digest", "deploy"),
    Permission("lambda:PublishVersion", FUNCTION, "a numbered version", "deploy", "publish of [[service]]"),
    Permission("lambda:GetFunction", ALIASES, "what the alias leads to", "deploy", ALIAS),
    Permission("lambda:UpdateAlias", FUNCTION, "the alias moves to the new version", "deploy", ALIAS),
    Permission("lambda:CreateAlias", FUNCTION, "the first run makes the alias", "deploy", ALIAS),
    Permission("eks:DescribeCluster", CLUSTER, "the cluster's address and certificate", "deploy"),
)
"""What happens inside the cluster is allowed by its access entry and `infra/access.yaml`, not by IAM."""

VERIFY = (Permission("cloudwatch:DescribeAlarms", ALARMS, "alarms after a deployment", "verify", fatal=False),)

REPORT = (
    Permission("sns:Publish", TOPIC, "who watches the topic learns of failure and recovery", "report", fatal=False),
    Permission("s3:PutObject", ARTIFACTS, "the report and the cache are stored", "report"),
    Permission("codebuild:CreateReportGroup", REPORTS, "CodeBuild makes the report's group once", "report"),
    Permission("codebuild:CreateReport", REPORTS, "CodeBuild opens the JUnit report", "report"),
    Permission("codebuild:BatchPutTestCases", REPORTS, "CodeBuild stores the JUnit report", "report"),
    Permission("codebuild:UpdateReport", REPORTS, "CodeBuild closes the JUnit report", "report"),
    Permission("kms:GenerateDataKey", KEY, "artifacts are written under your own key", "report", OWN_KEY),
)

RUN = (*SOURCE, *SETTINGS, *BUILD, *GATE, *DEPLOY, *VERIFY, *REPORT)
"""Everything, in the order of a run."""

DOCTOR = (
    Permission("codepipeline:GetPipeline", PIPELINE, "full clone, execution mode", "source"),
    Permission("codebuild:BatchGetProjects", PROJECT, "privileged mode, time-out, role", "source"),
    Permission("codeconnections:GetConnection", CONNECTION, "whether the connection is AVAILABLE", "source"),
    Permission("codestar-connections:GetConnection", CONNECTION, "the same, as older connections name it", "source"),
    Permission("iam:SimulatePrincipalPolicy", ROLE, "which action the role of a run lacks", "settings"),
    Permission("ecr:DescribeRepositories", REPOSITORIES, "immutable tags against `latest`", "build"),
)
"""What `doctor` reads beyond what a run reads. It is for people: the role of a run has none of it."""

READS = frozenset(
    {
        "ssm:GetParameters",
        "ecr:GetAuthorizationToken",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
        "ecr:GetRegistryScanningConfiguration",
        "ecr:BatchGetRepositoryScanningConfiguration",
        "lambda:GetFunction",
        "eks:DescribeCluster",
        "cloudwatch:DescribeAlarms",
    }
)
"""Those actions of `RUN` that `doctor`, `status` and `plan --live` call, and that change nothing."""
