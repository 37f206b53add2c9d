"""Which services need a Docker engine, and what that means for an engine that is not there."""

from tests.fakes.clinic import Clinic
from tests.support.samples import EMPLOYEE, NOTIFICATION, PROCESSING, REQUEST
from tests.unit.doctor.local_troubles import needs_an_engine, no_engine

WITH_TESTS = "<project><dependency><groupId>org.testcontainers</groupId></dependency></project>"


def without_privileges(clinic: Clinic) -> None:
    clinic.delivery.project_is(privileged=False)


def test_services_whose_images_are_made_without_one_need_no_engine(clinic: Clinic) -> None:
    result = clinic.find("engine-needs")
    assert (result.state, result.found) == ("ok", "no service needs an engine")
    assert result.looked_at.startswith("the Dockerfiles of 4 services")


def test_a_line_that_runs_a_program_is_named_with_its_service_and_the_others_are_listed(clinic: Clinic) -> None:
    needs_an_engine(clinic)
    result = clinic.find("engine-needs")
    first, others = result.found.splitlines()
    assert result.state == "ok"
    assert first == f"{NOTIFICATION}: backend/{NOTIFICATION}/Dockerfile:2: RUN: it needs a container to run in"
    assert others == f"none for {REQUEST}, {PROCESSING}, {EMPLOYEE}"


def test_a_builder_of_the_engine_needs_it_for_every_service(clinic: Clinic) -> None:
    project = clinic.world.project
    clinic.world.project = project._replace(build=project.build._replace(builder="buildkit"))
    lines = clinic.find("engine-needs").found.splitlines()
    assert len(lines) == 4
    assert {line.partition(": ")[2] for line in lines} == {'builder = "buildkit" in [build]'}


def test_tests_that_start_containers_need_one_where_they_run(clinic: Clinic) -> None:
    clinic.world.checkout.write(f"backend/{REQUEST}/pom.xml", WITH_TESTS)
    assert clinic.find("engine-needs").found == "no service needs an engine"
    project = clinic.world.project
    clinic.world.project = project._replace(build=project.build._replace(tests="run"))
    found = clinic.find("engine-needs").found
    assert f"{REQUEST}: backend/{REQUEST}/pom.xml: its tests start containers (testcontainers)" in found


def test_an_engine_that_nobody_needs_may_be_away(clinic: Clinic) -> None:
    no_engine(clinic)
    result = clinic.find("engine")
    assert (result.state, result.found) == ("ok", "no Docker engine answers; no service needs an engine")


def test_an_engine_is_missing_where_nobody_can_say_who_needs_it(clinic: Clinic) -> None:
    no_engine(clinic)
    (clinic.world.root / "backend" / NOTIFICATION / "Dockerfile").unlink()
    assert clinic.find("engine").state == "problem"


def test_privileged_mode_may_be_off_where_no_service_needs_an_engine(clinic: Clinic) -> None:
    assert clinic.find("privileged").found.startswith("it is on, but could be off (Engine=false)")
    without_privileges(clinic)
    result = clinic.find("privileged")
    assert (result.state, result.found) == ("ok", "it is off: no service needs an engine")


def test_privileged_mode_that_is_needed_is_said_to_be_on(clinic: Clinic) -> None:
    needs_an_engine(clinic)
    assert clinic.find("privileged").found == "it is on"
