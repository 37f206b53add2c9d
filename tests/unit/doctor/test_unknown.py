"""What could not be looked at is unknown, with why, and never OK."""

from dataclasses import replace

import pytest

from erp_build.doctor.examine import CHECKS, examine
from erp_build.errors import ConfigurationError, ReleaseFailed
from erp_build.model.images.scan import Scanning
from tests.fakes.account import FakeParameters
from tests.fakes.clinic import PIPELINE, PROJECT, Clinic
from tests.fakes.registry import error
from tests.unit.doctor.remote_troubles import NOTIFICATION_REPOSITORY

NO_HELM = ReleaseFailed("there is no Helm", where="PATH", next_step="install Helm 3.14 or newer, or Helm 4")
REMOTE = [check.name for check in CHECKS if check.area in ("account", "cluster")]


def test_without_credentials_account_and_cluster_are_unknown(clinic: Clinic) -> None:
    clinic.no_account = ConfigurationError("there are no AWS credentials", where="sign-in", next_step="aws sso login")
    diagnoses = examine(clinic.facts(), ["account", "cluster"])
    assert len(diagnoses) == len(REMOTE)
    assert {one.result.state for one in diagnoses} == {"unknown"}
    assert {one.result.found for one in diagnoses} == {"could not look: there are no AWS credentials"}
    assert {one.result.next_step for one in diagnoses} == {"aws sso login"}


def test_without_credentials_machine_and_repository_are_looked_at(clinic: Clinic) -> None:
    clinic.no_account = ConfigurationError("there are no AWS credentials")
    states = {one.result.state for one in examine(clinic.facts(), ["machine", "repository"])}
    assert states == {"ok"}


def test_no_check_is_ok_that_the_parameters_kept_from_looking(clinic: Clinic) -> None:
    clinic.world.parameters.values.clear()
    states = {one.name: one.result.state for one in examine(clinic.facts(), ["account", "cluster"])}
    assert states.pop("settings") == "problem"
    assert set(states.values()) == {"unknown"}


class CountingParameters(FakeParameters):
    """Parameter Store that counts."""

    calls = 0

    def read(self, names: object) -> dict[str, str]:
        del names
        self.calls += 1
        return {}


def test_what_cannot_be_read_is_asked_once(clinic: Clinic) -> None:
    parameters = clinic.world.parameters = CountingParameters()
    examine(clinic.facts())
    assert parameters.calls == 1


def test_a_chart_is_rendered_once_for_all_its_checks(clinic: Clinic) -> None:
    examine(clinic.facts())
    assert clinic.charts.calls == 1


@pytest.mark.parametrize("check", ["chart", "replicas", "probes", "dry-run"])
def test_without_helm_a_chart_is_unknown_and_not_broken(check: str, clinic: Clinic) -> None:
    clinic.charts.broken = NO_HELM
    result = clinic.find(check)
    assert (result.state, result.next_step) == ("unknown", NO_HELM.next_step)


@pytest.mark.parametrize("check", ["replicas", "probes", "dry-run"])
def test_what_is_in_a_chart_that_does_not_render_is_unknown(check: str, clinic: Clinic) -> None:
    clinic.charts.broken = ReleaseFailed("the chart does not render", why="parse error")
    assert clinic.find(check).state == "unknown"


def test_versions_without_helm_or_a_version_of_the_cluster_are_unknown(clinic: Clinic) -> None:
    clinic.cluster_reader.stated = "a fork"
    assert clinic.find("versions").state == "unknown"
    del clinic.machine.programs["helm"]
    assert clinic.find("versions").state == "unknown"


def test_versions_without_kubectl_are_compared_all_the_same(clinic: Clinic) -> None:
    del clinic.machine.programs["kubectl"]
    assert clinic.find("versions").found == "Kubernetes v1.34.4, Helm 3.19.5"


def test_a_cluster_that_does_not_answer_is_a_problem_of_access_and_unknown_elsewhere(clinic: Clinic) -> None:
    clinic.world.cluster.is_away(seconds=1e9)
    assert clinic.find("release-state").state == "unknown"
    result = clinic.find("access")
    assert (result.state, result.found) == ("problem", "the cluster cannot be reached: connection refused")


def test_a_release_that_was_never_installed_is_no_trouble(clinic: Clinic) -> None:
    clinic.world.helm.uninstall()
    assert clinic.find("release-state").state == "ok"


def test_memory_that_the_system_does_not_tell_is_unknown(clinic: Clinic) -> None:
    clinic.machine.free_memory = None
    assert clinic.find("memory").state == "unknown"


def test_services_with_a_wrapper_need_no_maven(clinic: Clinic) -> None:
    del clinic.machine.programs["mvn"]
    for target in clinic.world.project.image_targets:
        clinic.world.checkout.write(f"{target.path}/mvnw", "#!/bin/sh\n")
    assert clinic.find("maven").state == "ok"


def test_the_depth_of_a_source_without_git_is_unknown(clinic: Clinic) -> None:
    (clinic.world.root / ".git").rename(clinic.world.root.with_name("elsewhere"))
    assert clinic.find("clone-depth").state == "unknown"


def test_values_files_that_are_not_there_or_no_yaml_are_unknown(clinic: Clinic) -> None:
    clinic.world.values.write_text("a: [", encoding="utf-8")
    result = clinic.find("plain-secrets")
    assert (result.state, "cannot be read" in result.found) == ("unknown", True)
    clinic.world.values.unlink()
    assert clinic.find("plain-secrets").state == "unknown"


def test_a_registry_that_does_not_tell_how_it_scans_is_unknown(clinic: Clinic) -> None:
    clinic.world.registry.how = Scanning(doubt="AccessDeniedException")
    result = clinic.find("scan-mode")
    assert (result.state, result.found) == ("unknown", "AccessDeniedException")


def test_images_without_a_scan_tell_nothing_of_its_length(clinic: Clinic) -> None:
    registry = clinic.world.registry
    for repository in registry.repositories:
        registry.answers(repository, error("ScanNotFoundException"))
    assert clinic.find("scan-time").state == "unknown"


def test_a_scan_that_was_made_again_later_tells_nothing_of_its_length(clinic: Clinic) -> None:
    clinic.world.registry.pushed.clear()
    assert clinic.find("scan-time").state == "unknown"


def test_a_scan_that_nobody_can_read_is_unknown(clinic: Clinic) -> None:
    clinic.world.registry.answers(NOTIFICATION_REPOSITORY, {"imageScanStatus": "COMPLETE"})
    result = clinic.find("scan-time")
    assert (result.state, "cannot be read" in result.found) == ("unknown", True)


def test_a_project_without_functions_has_none_to_look_at(clinic: Clinic) -> None:
    clinic.world.project = clinic.world.project._replace(functions=())
    assert clinic.find("function").state == "unknown"
    assert clinic.find("provenance").state == "ok"


def test_a_pipeline_that_is_not_there_is_unknown_with_the_option_that_names_another(clinic: Clinic) -> None:
    clinic.delivery.pipelines.clear()
    result = clinic.find("connection")
    assert (result.state, "--pipeline" in result.next_step) == ("unknown", True)
    assert result.looked_at == f"codepipeline:GetPipeline {PIPELINE}"


def test_a_source_without_a_connection_has_none_to_look_at(clinic: Clinic) -> None:
    clinic.delivery.source_is(provider="S3", connection="")
    result = clinic.find("connection")
    assert (result.state, "Source (S3)" in result.found) == ("unknown", True)


def test_a_pipeline_without_a_build_or_with_one_that_is_gone_is_unknown(clinic: Clinic) -> None:
    clinic.delivery.projects.clear()
    assert f"no CodeBuild project {PROJECT}" in clinic.find("privileged").found
    clinic.delivery.pipelines[PIPELINE] = replace(clinic.delivery.pipelines[PIPELINE], projects=())
    assert "starts no CodeBuild project" in clinic.find("privileged").found
