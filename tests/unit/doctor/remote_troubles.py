"""Troubles of the account and of the cluster: one at least for each check."""

from dataclasses import replace
from datetime import timedelta

from erp_build.errors import ReleaseFailed
from erp_build.model.project import DeployPolicy, GatePolicy
from erp_build.model.quality_checks.check import Check
from erp_build.model.releases.rights import WRITTEN_BY, Kind
from tests.fakes.clinic import PIPELINE, Clinic
from tests.fakes.registry import PUSHED, scan
from tests.fakes.world import FUNCTION, FUNCTION_REPOSITORY
from tests.support.samples import NOTIFICATION
from tests.unit.doctor.local_troubles import needs_an_engine
from tests.unit.doctor.trouble import Trouble

NOTIFICATION_REPOSITORY = f"erp/{NOTIFICATION}"


def missing_parameter(clinic: Clinic) -> None:
    del clinic.world.parameters.values["/erp/dev/region"]


def other_account(clinic: Clinic) -> None:
    clinic.world.identity.number = "999999999999"


def long_bake(clinic: Clinic) -> None:
    clinic.world.project = clinic.world.project._replace(deploy=DeployPolicy(bake=4 * 3600.0))
    clinic.delivery.project_is(timeout=3 * 3600.0)


def alarm_that_is_not_there(clinic: Clinic) -> None:
    policy = DeployPolicy(bake=60.0, bake_alarms=("erp-dev-high-error-rate", "erp-dev-eror"))
    clinic.world.project = clinic.world.project._replace(deploy=policy)


def alarms_that_may_not_be_read(clinic: Clinic) -> None:
    alarm_that_is_not_there(clinic)
    clinic.world.alarms.denied = True


def pending_connection(clinic: Clinic) -> None:
    clinic.delivery.connections = dict.fromkeys(clinic.delivery.connections, "PENDING")


def old_pipeline(clinic: Clinic) -> None:
    """One of the four of before, whose source is written in another case; and one of another repository."""
    ours = clinic.delivery.pipelines[PIPELINE]
    for name, repository in (("erp-notification-pipeline", "Kim/ERP"), ("shop", "kim/shop")):
        source = replace(ours.sources[0], repository=repository, connection="")
        clinic.delivery.pipelines[name] = replace(ours, name=name, sources=(source,))


def unnamed_repository(clinic: Clinic) -> None:
    clinic.delivery.source_is(repository="")


def zipped_source(clinic: Clinic) -> None:
    clinic.delivery.source_is(output="CODE_ZIP")


def default_format(clinic: Clinic) -> None:
    clinic.delivery.source_is(output="")


def shallow_project(clinic: Clinic) -> None:
    clinic.delivery.project_is(source="GITHUB", clone_depth=1)


def no_privileges(clinic: Clinic) -> None:
    needs_an_engine(clinic)
    clinic.delivery.project_is(privileged=False)


def short_timeout(clinic: Clinic) -> None:
    clinic.delivery.project_is(timeout=1800.0)


def long_checks(clinic: Clinic) -> None:
    slow = Check("slow", command=("./slow",), timeout=3600.0)
    clinic.world.project = clinic.world.project._replace(checks=(slow,))


def missing_action(clinic: Clinic) -> None:
    clinic.policies.forbidden = {"eks:DescribeCluster"}


def missing_courtesy(clinic: Clinic) -> None:
    clinic.policies.forbidden = {"cloudwatch:DescribeAlarms"}


def fixed_tags(clinic: Clinic) -> None:
    clinic.repositories.fixed = {NOTIFICATION_REPOSITORY}


def refused_base(clinic: Clinic) -> None:
    clinic.world.assembly.bases.clear()


def base_elsewhere(clinic: Clinic) -> None:
    """A base image in another account, behind a cache that the role may not have filled."""
    place = f"{clinic.world.project.image_targets[0].path}/Dockerfile"
    clinic.world.checkout.write(place, "FROM 210987654321.dkr.ecr.us-east-1.amazonaws.com/base:1\n")
    clinic.policies.forbidden = {"ecr:BatchImportUpstreamImage"}


def no_repository(clinic: Clinic) -> None:
    clinic.world.registry.repositories.remove(NOTIFICATION_REPOSITORY)


def manual_scans(clinic: Clinic) -> None:
    clinic.world.registry.scans_nothing_by_itself(NOTIFICATION_REPOSITORY)


def failed_scan(clinic: Clinic) -> None:
    clinic.world.registry.answers(NOTIFICATION_REPOSITORY, scan("UNSUPPORTED_IMAGE"))


def slow_scan(clinic: Clinic) -> None:
    clinic.world.project = clinic.world.project._replace(gate=GatePolicy(timeout=300.0))
    clinic.world.registry.pushed = dict.fromkeys(clinic.world.registry.images, PUSHED + timedelta(hours=23))


def endless_scan(clinic: Clinic) -> None:
    clinic.world.registry.answers(NOTIFICATION_REPOSITORY, scan("PENDING"))
    clinic.world.registry.pushed.clear()


def index_with_attestations(clinic: Clinic) -> None:
    registry = clinic.world.registry
    digest = registry.push(FUNCTION_REPOSITORY, "latest", "c" * 40)
    registry.images[digest] = replace(registry.images[digest], manifest='{"manifests": []}')


def busy_function(clinic: Clinic) -> None:
    clinic.world.functions.is_being_updated(FUNCTION, reads=10)


def new_function(clinic: Clinic) -> None:
    clinic.world.functions.is_being_made(FUNCTION, reads=10)


def failed_function(clinic: Clinic) -> None:
    states = clinic.world.functions.states
    states[FUNCTION] = replace(states[FUNCTION], last_update="Failed", reason="ImageAccessDenied: no")


def zip_function(clinic: Clinic) -> None:
    states = clinic.world.functions.states
    states[FUNCTION] = replace(states[FUNCTION], package_type="Zip")


def no_function(clinic: Clinic) -> None:
    del clinic.world.functions.states[FUNCTION]


def no_cluster(clinic: Clinic) -> None:
    clinic.world.cluster.is_away(seconds=1e9)


def no_rights(clinic: Clinic) -> None:
    clinic.world.cluster.not_allowed = ("create secrets", "list events")


def no_evidence(clinic: Clinic) -> None:
    clinic.world.cluster.not_allowed = ("list events",)


def old_api(clinic: Clinic) -> None:
    clinic.world.cluster.unserved = {Kind("autoscaling/v2", "HorizontalPodAutoscaler")}
    clinic.world.cluster.versions = {"autoscaling": ("autoscaling/v1",)}


def old_helm_for_cluster(clinic: Clinic) -> None:
    clinic.cluster_reader.stated = "v1.36.0-eks-1"


def old_kubectl(clinic: Clinic) -> None:
    clinic.machine.programs["kubectl"] = (1, 29, 0)


def other_release(clinic: Clinic) -> None:
    clinic.cluster_reader.owner = "erp-dev"


def no_owner(clinic: Clinic) -> None:
    clinic.cluster_reader.owner = ""


def pending_release(clinic: Clinic) -> None:
    clinic.world.helm.is_pending()


def failed_release(clinic: Clinic) -> None:
    revisions = clinic.world.helm.revisions
    revisions[-1] = replace(revisions[-1], status="failed", description="timed out")


def refused_by_cluster(clinic: Clinic) -> None:
    clinic.world.helm.failures["check_chart"] = ReleaseFailed("the cluster would not take the release")


REMOTE_TROUBLES = (
    Trouble("settings", "a parameter is missing", missing_parameter, "problem", ("/erp/dev/region",)),
    Trouble("settings", "another account", other_account, "problem", ("999999999999",)),
    Trouble("connection", "pending", pending_connection, "problem", ("PENDING", "Update pending connection")),
    Trouble(
        "other-pipelines",
        "an old one",
        old_pipeline,
        "warning",
        ("as well, each of which may deploy: erp-notification-pipeline", "disable-stage-transition"),
    ),
    Trouble("other-pipelines", "no GitHub", unnamed_repository, "unknown", ("none names a repository",)),
    Trouble("full-clone", "a zip", zipped_source, "problem", ("without .git", "CODEBUILD_CLONE_REF")),
    Trouble("full-clone", "not set", default_format, "problem", ("without .git",)),
    Trouble("full-clone", "a shallow project", shallow_project, "problem", ("depth of 1",)),
    Trouble("privileged", "off", no_privileges, "problem", ("it is off",)),
    Trouble("project-timeout", "too short", short_timeout, "problem", ("30 min", "Maven 160", "Helm in the middle")),
    Trouble("project-timeout", "long checks", long_checks, "problem", ("checks 240",)),
    Trouble("bake", "longer than a build", long_bake, "problem", ("240 min, and CodeBuild ends", "after 180 min")),
    Trouble("bake", "an alarm", alarm_that_is_not_there, "warning", ("no such alarm", "erp-dev-eror")),
    Trouble("bake", "alarms", alarms_that_may_not_be_read, "unknown", ("cloudwatch:DescribeAlarms",)),
    Trouble("permissions", "an action", missing_action, "problem", ("eks:DescribeCluster on arn:aws:eks:",)),
    Trouble("permissions", "one to do without", missing_courtesy, "warning", ("cloudwatch:DescribeAlarms",)),
    Trouble("base-images", "refused", refused_base, "problem", ("eclipse-temurin:17", "no such host", "connection")),
    Trouble("permissions", "bases elsewhere", base_elsewhere, "warning", ("us-east-1:210987654321:repository/base: ",)),
    Trouble("latest", "fixed", fixed_tags, "problem", (NOTIFICATION_REPOSITORY, "IMMUTABLE_WITH_EXCLUSION")),
    Trouble("latest", "no repository", no_repository, "problem", ("there is no erp/", "create-repository")),
    Trouble("scan-mode", "manual", manual_scans, "warning", (NOTIFICATION_REPOSITORY, "scan on push")),
    Trouble("scan-time", "no result", failed_scan, "problem", ("UNSUPPORTED_IMAGE", "base image")),
    Trouble("scan-time", "too slow", slow_scan, "problem", ("3600 s", "`timeout` of [gate]")),
    Trouble("scan-time", "never ends", endless_scan, "problem", ("PENDING",)),
    Trouble("provenance", "an index", index_with_attestations, "problem", ("employee-service-lambda:latest", "single")),
    Trouble("function", "busy", busy_function, "warning", ("ResourceConflictException", FUNCTION)),
    Trouble("function", "being made", new_function, "warning", (FUNCTION,)),
    Trouble("function", "failed", failed_function, "problem", ("ImageAccessDenied",)),
    Trouble("function", "takes a zip", zip_function, "problem", ("takes no image",)),
    Trouble("function", "not there", no_function, "problem", ("there is no function",)),
    Trouble("access", "no answer", no_cluster, "problem", ("cannot be reached",)),
    Trouble("rights", "one is missing", no_rights, "problem", ("2 rights of", "verbs: [create]", WRITTEN_BY)),
    Trouble("rights", "only a watch would miss it", no_evidence, "warning", ("resources: [events]", WRITTEN_BY)),
    Trouble("rights", "a kind is not served", old_api, "problem", ("HorizontalPodAutoscaler", "autoscaling/v1")),
    Trouble("versions", "Helm", old_helm_for_cluster, "warning", ("1.31 to 1.34", "v1.36.0-eks-1")),
    Trouble("versions", "kubectl", old_kubectl, "warning", ("kubectl 1.29.0",)),
    Trouble("release-name", "another release", other_release, "problem", ("erp-dev owns", 'release = "erp-dev"')),
    Trouble("release-name", "no release", no_owner, "problem", ("no release owns",)),
    Trouble("release-state", "pending", pending_release, "warning", ("pending-upgrade",)),
    Trouble("release-state", "failed", failed_release, "warning", ("timed out",)),
    Trouble("dry-run", "refused", refused_by_cluster, "problem", ("would not take",)),
)
