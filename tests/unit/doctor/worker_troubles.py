"""Troubles of the project whose builds are workers; a run can do without them, so that each is a warning."""

from typing import Any

from erp_build.model.build_options import FanOut
from tests.fakes.clinic import WORKERS, Clinic
from tests.unit.doctor.local_troubles import needs_an_engine
from tests.unit.doctor.trouble import Trouble


def no_project(clinic: Clinic) -> None:
    clinic.fans_out()
    del clinic.delivery.projects[WORKERS]


def project_of_a_pipeline(clinic: Clinic) -> None:
    """The project of the runs themselves: a build of it that is begun alone has no source."""
    clinic.fans_out()
    build = clinic.world.project.build._replace(fan_out=FanOut(workers=4))
    clinic.world.project = clinic.world.project._replace(build=build)


def no_engine_there(clinic: Clinic) -> None:
    needs_an_engine(clinic)
    clinic.world.checkout.write("ci/worker.yml", "version: 0.2\n")
    clinic.fans_out(buildspec="ci/worker.yml", privileged=False)


def no_engine_begun(clinic: Clinic) -> None:
    needs_an_engine(clinic)
    clinic.fans_out()


def no_buildspec(clinic: Clinic) -> None:
    clinic.fans_out(buildspec="ci/worker.yml")


def may_not_push(clinic: Clinic) -> None:
    clinic.fans_out()
    clinic.policies.forbidden = {"codeconnections:GetConnectionToken"}


def may_not_begin(clinic: Clinic) -> None:
    clinic.fans_out()
    clinic.policies.forbidden = {"codebuild:StartBuild"}


def differs(about: str, *says: str, **fields: Any) -> Trouble:
    """A project that differs in some fields from what it should be."""
    return Trouble("workers", about, lambda clinic: clinic.fans_out(**fields), "warning", says)


WORKER_TROUBLES = (
    Trouble("workers", "no project", no_project, "warning", ("there is none", "MakeWorkers=true")),
    Trouble("workers", "of a pipeline", project_of_a_pipeline, "warning", ("a pipeline's", "MakeWorkers=true")),
    differs("no source", "it has no source", source="NO_SOURCE"),
    differs("an object", "no commit", source="S3"),
    differs("a shallow clone", "a depth of 1", "to Full", clone_depth=1),
    differs("another repository", "kim/shop", "let its source be", location="https://github.com/kim/shop"),
    differs("too few at once", "takes 2 builds at once, and 4 workers", "to 4, or `workers` to 2", at_once=2),
    differs("another image", "another JDK", "the same image", image="runner@sha256:2"),
    differs("another processor", "ARM_CONTAINER", "another processor", machine="ARM_CONTAINER"),
    Trouble("workers", "no privileges", no_engine_there, "warning", ("privileged mode is off",)),
    Trouble("workers", "no engine is begun", no_engine_begun, "warning", ("starts none", "write a buildspec")),
    Trouble("workers", "no buildspec", no_buildspec, "warning", ("there is no ci/worker.yml",)),
    Trouble("worker-permissions", "no token", may_not_push, "warning", ("GetConnectionToken on arn:aws:codeconnec",)),
    Trouble("permissions", "no worker may begin", may_not_begin, "warning", ("codebuild:StartBuild on arn:aws:codeb",)),
)
