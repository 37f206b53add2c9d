"""Troubles of the machine and of the repository: one at least for each check."""

from erp_build.errors import BuildFailed, ReleaseFailed
from tests.fakes.clinic import GIGABYTE, Clinic
from tests.support.samples import NOTIFICATION
from tests.unit.doctor.trouble import Trouble

SECRET = "hunter2-hunter2"


def old_python(clinic: Clinic) -> None:
    clinic.machine.running = (3, 10, 9)


def old_git(clinic: Clinic) -> None:
    clinic.machine.programs["git"] = (2, 25, 1)


def no_git(clinic: Clinic) -> None:
    del clinic.machine.programs["git"]


def old_helm(clinic: Clinic) -> None:
    clinic.machine.programs["helm"] = (3, 13, 9)


def no_maven(clinic: Clinic) -> None:
    del clinic.machine.programs["mvn"]
    clinic.world.checkout.write(f"backend/{NOTIFICATION}/mvnw", "#!/bin/sh\n")


def old_jdk(clinic: Clinic) -> None:
    clinic.machine.homes = {11: "/opt/jdk-11"}


def no_jdk(clinic: Clinic) -> None:
    clinic.machine.homes = {}


def newer_jdk(clinic: Clinic) -> None:
    clinic.machine.homes = {25: "/opt/jdk-25"}


def no_engine(clinic: Clinic) -> None:
    clinic.machine.no_engine = BuildFailed(
        "no Docker engine answers", where="the usual socket", next_step="switch the project to privileged mode"
    )


def needs_an_engine(clinic: Clinic) -> None:
    clinic.world.checkout.write(f"backend/{NOTIFICATION}/Dockerfile", "FROM eclipse-temurin:17-jre\nRUN useradd app\n")


def no_engine_where_one_is_needed(clinic: Clinic) -> None:
    needs_an_engine(clinic)
    no_engine(clinic)


def little_disk(clinic: Clinic) -> None:
    clinic.machine.disk = 5 * GIGABYTE


def scarce_disk(clinic: Clinic) -> None:
    clinic.machine.disk = GIGABYTE


def little_memory(clinic: Clinic) -> None:
    clinic.machine.free_memory = GIGABYTE


def scarce_memory(clinic: Clinic) -> None:
    clinic.machine.free_memory = GIGABYTE // 4


def no_pom(clinic: Clinic) -> None:
    for target in clinic.world.project.image_targets:
        (clinic.world.root / target.path / "pom.xml").unlink()


def one_pom_missing(clinic: Clinic) -> None:
    (clinic.world.root / "backend" / NOTIFICATION / "pom.xml").unlink()


def no_objects(clinic: Clinic) -> None:
    clinic.charts.empty = True


def no_commit(clinic: Clinic) -> None:
    no_metadata(clinic)
    clinic.world.checkout.git("init", "--quiet")


def damaged(clinic: Clinic) -> None:
    no_metadata(clinic)
    (clinic.world.root / ".git").mkdir()


def no_metadata(clinic: Clinic) -> None:
    clinic.variables = {"CODEBUILD_BUILD_ID": "erp:1"}
    (clinic.world.root / ".git").rename(clinic.world.root.with_name("git-elsewhere"))


def shallow_clone(clinic: Clinic) -> None:
    clinic.world.change(NOTIFICATION)
    clone = clinic.world.checkout.clone_to(clinic.world.root.with_name("shallow"), "--depth", "1")
    clinic.world.checkout = clone


def secret_in_values(clinic: Clinic) -> None:
    text = clinic.world.values.read_text(encoding="utf-8")
    listed = f"env:\n  - name: API_TOKEN\n    value: {SECRET}\n"
    clinic.world.values.write_text(f"{text}database:\n  password: {SECRET}\n{listed}", encoding="utf-8")


def secret_in_uri(clinic: Clinic) -> None:
    clinic.world.checkout.write("helm-chart/values-prod.yaml", f"uri: mongodb://erp:{SECRET}@db:27017/erp\n")


def no_dockerfile(clinic: Clinic) -> None:
    (clinic.world.root / f"backend/{NOTIFICATION}/Dockerfile").rename(
        clinic.world.root / f"backend/{NOTIFICATION}/Dockerfil"
    )


def argument_without_value(clinic: Clinic) -> None:
    clinic.world.checkout.write(f"backend/{NOTIFICATION}/Dockerfile", "ARG BASE\nFROM ${BASE}\n")


def unreadable_chart(clinic: Clinic) -> None:
    clinic.charts.broken = ReleaseFailed(
        "the chart does not render", why="nil pointer evaluating interface {}.name", next_step="mend the template"
    )


def no_values(clinic: Clinic) -> None:
    clinic.world.values.unlink()


def replicas_beside_autoscaler(clinic: Clinic) -> None:
    clinic.charts.sets_replicas = True


def no_readiness_probe(clinic: Clinic) -> None:
    clinic.charts.probes = ["livenessProbe"]


LOCAL_TROUBLES = (
    Trouble("python", "too old", old_python, "problem", ("3.10.9",)),
    Trouble("git", "too old", old_git, "problem", ("2.25.1",)),
    Trouble("git", "not there", no_git, "problem", ("there is no git",)),
    Trouble("helm", "too old", old_helm, "problem", ("3.13.9",)),
    Trouble("maven", "neither wrapper nor mvn", no_maven, "problem", ("approval-request-service",)),
    Trouble("maven", "no pom at all", no_pom, "problem", ("no pom.xml: backend/", "`path`", "of 4 services")),
    Trouble(
        "maven", "one pom is missing", one_pom_missing, "problem", (f"no pom.xml: backend/{NOTIFICATION}/pom.xml",)
    ),
    Trouble("jdk", "no pom at all", no_pom, "unknown", ("no pom.xml says which one is wanted",)),
    Trouble("jdk", "too old", old_jdk, "problem", ("JDK 11", "wants 17", "JAVA_17_HOME")),
    Trouble("jdk", "not there", no_jdk, "problem", ("no JDK",)),
    Trouble("jdk", "only a newer one", newer_jdk, "warning", ("JDK 25", "none of release 17")),
    Trouble(
        "engine",
        "not there",
        no_engine_where_one_is_needed,
        "problem",
        ("no Docker engine answers", "privileged"),
    ),
    Trouble("engine-needs", "no Dockerfile", no_dockerfile, "unknown", ("there is no Dockerfile", NOTIFICATION)),
    Trouble("disk", "little", little_disk, "warning", ("5.0 GB",)),
    Trouble("disk", "scarce", scarce_disk, "problem", ("1.0 GB",)),
    Trouble("memory", "little", little_memory, "warning", ("1.0 GB",)),
    Trouble("memory", "scarce", scarce_memory, "problem", ("0.2 GB",)),
    Trouble("git-metadata", "no git", no_metadata, "problem", ("the source has no .git", "CODEBUILD_CLONE_REF")),
    Trouble("git-metadata", "no commit", no_commit, "problem", ("the repository has no commit yet", "git commit")),
    Trouble("git-metadata", "damaged", damaged, "problem", ("the repository is damaged (fatal: not a git", "git fsck")),
    Trouble("clone-depth", "shallow", shallow_clone, "warning", ("shallow", "--unshallow")),
    Trouble("plain-secrets", "by name", secret_in_values, "warning", ("dev.yaml: database.password", "env.0.value")),
    Trouble("plain-secrets", "in a URI", secret_in_uri, "warning", ("values-prod.yaml: uri",)),
    Trouble("files", "no Dockerfile", no_dockerfile, "problem", (f"did you mean `backend/{NOTIFICATION}/Dockerfil`?",)),
    Trouble(
        "files", "a base without a value", argument_without_value, "warning", ("${BASE}", "give the ARG a default")
    ),
    Trouble("chart", "does not render", unreadable_chart, "problem", ("nil pointer", "mend the template")),
    Trouble("chart", "no values file", no_values, "problem", ("the values file cannot be read",)),
    Trouble("chart", "makes nothing", no_objects, "warning", ("makes no object",)),
    Trouble("replicas", "no Deployment", no_objects, "unknown", ("0 Deployments", "makes no Deployment")),
    Trouble("probes", "no Deployment", no_objects, "unknown", ("0 Deployments", "makes no Deployment")),
    Trouble("replicas", "beside an autoscaler", replicas_beside_autoscaler, "warning", ("autoscaler: app",)),
    Trouble("probes", "none for readiness", no_readiness_probe, "warning", ("app/app has no readinessProbe",)),
)
