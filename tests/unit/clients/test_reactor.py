"""Which services one Maven builds together, and which need one of their own."""

from pathlib import Path

import pytest

from erp_build.clients.clock import SimulatedClock
from erp_build.clients.maven.folder_lock import hold_folders
from erp_build.clients.maven.reactor import MavenModule, coordinates_of, reactor_groups, write_aggregator
from erp_build.errors import BuildFailed

POM = (
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><parent><groupId>com.erp</groupId></parent>'
    "<artifactId>{}</artifactId>{}</project>"
)


def service(root: Path, name: str, more: str = "", artifact: str = "") -> MavenModule:
    folder = root / "backend" / name
    folder.mkdir(parents=True)
    (folder / "pom.xml").write_text(POM.format(artifact or name, more), encoding="utf-8")
    return MavenModule(name, folder)


def names(sources: list[MavenModule]) -> list[list[str]]:
    return [[source.name for source in group] for group in reactor_groups(sources)]


def test_services_with_nothing_of_their_own_share_one_maven(tmp_path: Path) -> None:
    sources = [service(tmp_path, name) for name in ("a", "알림", "c")]
    assert names(sources) == [["a", "알림", "c"]]


@pytest.mark.parametrize("more", ["<modules/>", "<x>${maven.multiModuleProjectDirectory}</x>", "<broken"])
def test_a_service_whose_pom_means_another_place_is_built_alone(tmp_path: Path, more: str) -> None:
    assert names([service(tmp_path, "a"), service(tmp_path, "b", more), service(tmp_path, "c")]) == [["a", "c"], ["b"]]


def test_a_service_with_settings_of_its_own_is_built_alone(tmp_path: Path) -> None:
    own = service(tmp_path, "b")
    (own.folder / ".mvn").mkdir()
    (own.folder / ".mvn" / "jvm.config").touch()
    assert names([service(tmp_path, "a"), own]) == [["a"], ["b"]]


def test_services_below_settings_of_maven_are_built_alone(tmp_path: Path) -> None:
    """Maven looks for them from its start directory upwards, and the aggregator of a group lies elsewhere."""
    (tmp_path / ".mvn").mkdir()
    (tmp_path / ".mvn" / "maven.config").touch()
    assert names([service(tmp_path, "a"), service(tmp_path, "b")]) == [["a"], ["b"]]


def test_two_services_of_the_same_name_do_not_meet_in_one_maven(tmp_path: Path) -> None:
    assert names([service(tmp_path, "a"), service(tmp_path, "b", artifact="a")]) == [["a"], ["b"]]


def test_only_services_of_the_same_wrapper_go_together(tmp_path: Path) -> None:
    sources = [service(tmp_path, name) for name in ("a", "b", "c")]
    for source in sources[1:]:
        (source.folder / "mvnw").touch()
        (source.folder / ".mvn" / "wrapper").mkdir(parents=True)
        (source.folder / ".mvn" / "wrapper" / "maven-wrapper.properties").write_text("distributionUrl=3.9", "utf-8")
    assert names(sources) == [["a"], ["b", "c"]]


def test_the_aggregator_lies_outside_of_the_sources_and_names_them_from_there(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    text = write_aggregator(scratch, [service(tmp_path, "a&b")]).read_text(encoding="utf-8")
    assert "<module>../backend/a&amp;b</module>" in text


def test_the_group_of_the_parent_is_the_projects(tmp_path: Path) -> None:
    assert coordinates_of(service(tmp_path, "a").folder) == ("com.erp", "a")


def test_a_directory_is_held_until_it_is_let_go(tmp_path: Path) -> None:
    said: list[str] = []
    with hold_folders([tmp_path], SimulatedClock(), said.append):
        with (
            pytest.raises(BuildFailed, match="another Maven is running"),
            hold_folders([tmp_path], SimulatedClock(), said.append, timeout=2),
        ):
            pass
        assert said == [f"waiting for another Maven in {tmp_path.name}"]
    with hold_folders([tmp_path], SimulatedClock(), said.append):
        assert len(said) == 1
