"""Which services one Maven builds together, which need one of their own, and what each of them is told to build."""

from pathlib import Path

import pytest

from erp_build.clients.clock import SimulatedClock
from erp_build.clients.maven.checkout import MavenCheckout
from erp_build.clients.maven.folder_lock import hold_folders
from erp_build.clients.maven.reactor import MavenModule, Reactor, reactors, write_aggregator
from erp_build.errors import BuildFailed
from tests.support.poms import modules, needs, parent, write_pom


def plan(root: Path, *paths: str) -> list[Reactor]:
    """The Mavens that build the services in these folders."""
    return reactors([MavenModule(Path(path).name, root / path) for path in paths], MavenCheckout(root))


def names(groups: list[Reactor]) -> list[list[str]]:
    return [[member.name for member in group.members] for group in groups]


def words(root: Path, group: Reactor) -> str:
    """What Maven is told, with the repository's root as `ROOT` and the generated pom's folder as `SCRATCH`."""
    scratch = root / "scratch"
    scratch.mkdir(exist_ok=True)
    return " ".join(group.words(scratch)).replace(str(scratch), "SCRATCH").replace(str(root), "ROOT")


def write_settings(folder: Path, name: str = "maven.config") -> None:
    (folder / ".mvn").mkdir(parents=True)
    (folder / ".mvn" / name).touch()


def shop(root: Path, folder: str = "backend") -> None:
    """A root with a shared module, two services that need it and one that does not."""
    write_pom(root / folder, modules("common", "order", "billing", "stock"), artifact="shop")
    write_pom(root / folder / "common", parent("shop"))
    for name in ("order", "billing"):
        write_pom(root / folder / name, parent("shop"), needs("common"))
    write_pom(root / folder / "stock", parent("shop"))


def test_services_with_nothing_of_their_own_share_one_maven(tmp_path: Path) -> None:
    for name in ("a", "알림", "c"):
        write_pom(tmp_path / name)
    (group,) = plan(tmp_path, "a", "알림", "c")
    assert words(tmp_path, group) == "--file SCRATCH/pom.xml --projects ./../a,./../알림,./../c --also-make"


def test_services_of_one_root_are_built_in_it_with_what_they_need(tmp_path: Path) -> None:
    shop(tmp_path)
    (group,) = plan(tmp_path, "backend/order", "backend/billing")
    assert words(tmp_path, group) == "--file ROOT/backend/pom.xml --projects ./order,./billing --also-make"
    assert (group.start, group.settings_folder) == (tmp_path / "backend", None)
    assert {folder.name for folder in group.folders} == {"backend", "order", "billing", "common"}


def test_a_service_that_one_root_names_is_built_there_though_it_needs_nothing_of_it(tmp_path: Path) -> None:
    shop(tmp_path)
    (group,) = plan(tmp_path, "backend/stock")
    assert words(tmp_path, group) == "--file ROOT/backend/pom.xml --projects ./stock --also-make"


def test_siblings_that_no_root_names_are_listed_outside_of_the_sources(tmp_path: Path) -> None:
    write_pom(tmp_path / "parent", "<packaging>pom</packaging>")
    write_pom(tmp_path / "common", parent("parent", "../parent"))
    write_pom(tmp_path / "order", parent("parent", "../parent"), needs("common"))
    (group,) = plan(tmp_path, "order")
    assert words(tmp_path, group) == "--file SCRATCH/pom.xml --projects ./../order --also-make"
    text = (tmp_path / "scratch" / "pom.xml").read_text(encoding="utf-8")
    assert "<module>../order</module><module>../common</module></modules>" in text


def test_a_service_whose_parent_lies_beside_it_needs_no_generated_pom(tmp_path: Path) -> None:
    write_pom(tmp_path / "parent", "<packaging>pom</packaging>")
    write_pom(tmp_path / "order", parent("parent", "../parent"))
    (group,) = plan(tmp_path, "order")
    assert words(tmp_path, group) == "--file ROOT/order/pom.xml"


def test_an_imported_bom_of_the_repository_is_a_module_too(tmp_path: Path) -> None:
    """Maven finds a parent by its path, and a BOM only by its coordinates."""
    bom = "<dependency><groupId>com.erp</groupId><artifactId>bom</artifactId><version>1</version><type>pom</type>"
    managed = f"<dependencyManagement><dependencies>{bom}<scope>import</scope></dependency></dependencies>"
    write_pom(tmp_path / "bom", "<packaging>pom</packaging>")
    write_pom(tmp_path / "order", f"{managed}</dependencyManagement>")
    (group,) = plan(tmp_path, "order")
    words(tmp_path, group)
    assert "<module>../bom</module>" in (tmp_path / "scratch" / "pom.xml").read_text(encoding="utf-8")


def test_what_only_the_configuration_of_a_plugin_names_is_told_to_maven(tmp_path: Path) -> None:
    """Maven 3 finds dependencies by itself (`--also-make`), and no processors of annotations."""
    shop(tmp_path)
    path = "<path><groupId>com.erp</groupId><artifactId>stock</artifactId><version>1</version></path>"
    configuration = f"<configuration><annotationProcessorPaths>{path}</annotationProcessorPaths></configuration>"
    plugin = f"<plugin><artifactId>maven-compiler-plugin</artifactId>{configuration}</plugin>"
    write_pom(tmp_path / "backend" / "order", parent("shop"), f"<build><plugins>{plugin}</plugins></build>")
    (group,) = plan(tmp_path, "backend/order")
    assert words(tmp_path, group) == "--file ROOT/backend/pom.xml --projects ./order,./stock --also-make"


def test_a_service_of_one_root_that_needs_a_module_of_another_gets_both(tmp_path: Path) -> None:
    shop(tmp_path, "one")
    write_pom(tmp_path / "two", modules("gate"), artifact="two")
    write_pom(tmp_path / "two" / "gate", parent("two"), needs("common"))
    (group,) = plan(tmp_path, "two/gate")
    assert words(tmp_path, group) == "--file SCRATCH/pom.xml --projects ./../two/gate --also-make"
    text = (tmp_path / "scratch" / "pom.xml").read_text(encoding="utf-8")
    assert "<module>../two</module><module>../one</module></modules>" in text


def test_a_module_that_two_roots_name_is_in_the_generated_pom_once(tmp_path: Path) -> None:
    write_pom(tmp_path / "one", modules("../common", "../order"), artifact="one")
    write_pom(tmp_path / "two", modules("../common", "../gate"), artifact="two")
    write_pom(tmp_path / "common")
    write_pom(tmp_path / "order", needs("common"))
    write_pom(tmp_path / "gate", needs("common", "order"))
    (group,) = plan(tmp_path, "gate")
    words(tmp_path, group)
    text = (tmp_path / "scratch" / "pom.xml").read_text(encoding="utf-8")
    assert sorted(text.split("<modules>")[1].split("</module>")[:3]) == [
        f"<module>../{name}" for name in ("common", "gate", "order")
    ]


def test_poms_that_name_each_other_are_left_to_maven(tmp_path: Path) -> None:
    write_pom(tmp_path / "a", modules("../b"))
    write_pom(tmp_path / "b", modules("../a"))
    (group,) = plan(tmp_path, "a")
    assert words(tmp_path, group).startswith("--file ROOT/")


def test_a_service_with_modules_of_its_own_is_built_with_all_of_them(tmp_path: Path) -> None:
    write_pom(tmp_path / "order", modules("api", "app"))
    write_pom(tmp_path / "order" / "api", parent("order"))
    write_pom(tmp_path / "order" / "app", parent("order"), needs("api"))
    (group,) = plan(tmp_path, "order")
    assert words(tmp_path, group) == "--file ROOT/order/pom.xml"
    assert {project.artifact for project in group.members[0].projects} == {"order", "api", "app"}


def test_of_a_service_in_a_root_its_own_modules_are_named_as_well(tmp_path: Path) -> None:
    """Maven 3 builds a pom that is named, and not its modules."""
    write_pom(tmp_path, modules("order"), artifact="root")
    write_pom(tmp_path / "order", parent("root"), modules("app"))
    write_pom(tmp_path / "order" / "app", parent("order"))
    (group,) = plan(tmp_path, "order")
    assert words(tmp_path, group) == "--file ROOT/pom.xml --projects ./order,./order/app --also-make"


@pytest.mark.parametrize(
    "more", ["<x>${maven.multiModuleProjectDirectory}</x>", "<y>${session.executionRootDirectory}/x</y>"]
)
def test_a_service_whose_pom_means_another_place_is_built_alone(tmp_path: Path, more: str) -> None:
    for name in ("a", "b", "c"):
        write_pom(tmp_path / name, more if name == "b" else "")
    groups = plan(tmp_path, "a", "b", "c")
    assert names(groups) == [["a", "c"], ["b"]]
    assert words(tmp_path, groups[1]) == "--file ROOT/b/pom.xml"


def test_a_pom_that_cannot_be_read_is_built_alone(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write_pom(tmp_path / name)
    (tmp_path / "b" / "pom.xml").write_text("<broken", encoding="utf-8")
    assert names(plan(tmp_path, "b", "a", "c")) == [["b"], ["a", "c"]]


@pytest.mark.parametrize("name", ["maven.config", "jvm.config", "extensions.xml"])
def test_services_with_settings_of_maven_beside_or_above_them_are_built_alone(tmp_path: Path, name: str) -> None:
    """Relative paths in the settings mean the directory that Maven is started in."""
    for folder in ("a", "below/b", "below/c"):
        write_pom(tmp_path / folder)
    write_settings(tmp_path / "below", name)
    groups = plan(tmp_path, "a", "below/b", "below/c")
    assert names(groups) == [["a"], ["b"], ["c"]]
    assert [group.start.name for group in groups] == ["a", "b", "c"]


def test_siblings_below_settings_of_maven_are_built_where_the_settings_are(tmp_path: Path) -> None:
    write_pom(tmp_path / "common")
    for name in ("a", "b"):
        write_pom(tmp_path / name, needs("common"))
    write_settings(tmp_path)
    (group,) = plan(tmp_path, "a", "b")
    assert (group.start, group.settings_folder) == (tmp_path, tmp_path)


def test_the_files_of_a_wrapper_hide_settings_further_up_as_they_do_for_maven(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_pom(tmp_path / name)
        (tmp_path / name / ".mvn" / "wrapper").mkdir(parents=True)
    write_settings(tmp_path)
    assert names(plan(tmp_path, "a", "b")) == [["a", "b"]]


def test_a_service_with_settings_of_its_own_gets_them_in_the_root_too(tmp_path: Path) -> None:
    shop(tmp_path)
    write_settings(tmp_path / "backend" / "billing")
    write_settings(tmp_path / "backend")
    groups = plan(tmp_path, "backend/order", "backend/billing", "backend/stock")
    assert names(groups) == [["order", "stock"], ["billing"]]
    assert [group.settings_folder for group in groups] == [None, tmp_path / "backend" / "billing"]
    assert words(tmp_path, groups[1]) == "--file ROOT/backend/pom.xml --projects ./billing --also-make"


@pytest.mark.parametrize("where", ["parent", "common"])
def test_the_jdk_is_the_newest_that_any_pom_of_a_service_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Also of its parent and of what it needs. It is part of the key, whatever is built beside it."""
    for release in (17, 21):
        home = tmp_path / f"jdk-{release}"
        home.mkdir()
        (home / "release").write_text(f'JAVA_VERSION="{release}.0.1"\n', encoding="utf-8")
        monkeypatch.setenv(f"JAVA_{release}_HOME", str(home))
    shop(tmp_path)
    asked = "<properties><java.version>21</java.version></properties>"
    write_pom(tmp_path / "backend" / "common", parent("shop"), asked if where == "common" else "")
    write_pom(tmp_path / "parent", "<packaging>pom</packaging>", asked if where == "parent" else "")
    write_pom(tmp_path / "backend" / "order", parent("parent", "../../parent"), needs("common"))
    write_pom(
        tmp_path / "backend" / "stock", parent("shop"), "<properties><java.version>17</java.version></properties>"
    )
    groups = plan(tmp_path, "backend/order", "backend/stock")
    assert [(group.members[0].name, Path(group.place.home).name) for group in groups] == [
        ("order", "jdk-21"),
        ("stock", "jdk-17"),
    ]


def test_two_services_of_the_same_name_do_not_meet_in_one_maven(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_pom(tmp_path / name, artifact="service")
    write_pom(tmp_path / "c", artifact="service", group="com.other")
    assert names(plan(tmp_path, "a", "b", "c")) == [["a", "c"], ["b"]]


def test_a_service_that_another_one_needs_is_built_by_its_own_maven_last(tmp_path: Path) -> None:
    """The jar that stays is of its own settings."""
    shop(tmp_path)
    write_pom(tmp_path / "backend" / "order", parent("shop"), needs("stock"))
    write_settings(tmp_path / "backend" / "stock")
    assert names(plan(tmp_path, "backend/stock", "backend/order")) == [["order"], ["stock"]]


def test_only_services_of_the_same_wrapper_go_together(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write_pom(tmp_path / name)
    for name in ("b", "c"):
        (tmp_path / name / "mvnw").touch()
        (tmp_path / name / ".mvn" / "wrapper").mkdir(parents=True)
        (tmp_path / name / ".mvn" / "wrapper" / "maven-wrapper.properties").write_text("distributionUrl=3.9", "utf-8")
    assert names(plan(tmp_path, "a", "b", "c")) == [["a"], ["b", "c"]]


def test_services_of_one_root_use_the_wrapper_of_the_root(tmp_path: Path) -> None:
    shop(tmp_path)
    for folder in ("backend", "backend/order"):
        (tmp_path / folder / "mvnw").touch()
    assert names(plan(tmp_path, "backend/order", "backend/stock")) == [["order", "stock"]]


def test_the_aggregator_names_modules_from_where_it_lies(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    text = write_aggregator(scratch, [tmp_path / "backend" / "a&b"]).read_text(encoding="utf-8")
    assert "<module>../backend/a&amp;b</module>" in text


def test_two_mavens_of_one_shared_module_wait_for_each_other(tmp_path: Path) -> None:
    """Also where one is built in a root and the other is not."""
    shop(tmp_path)
    write_pom(tmp_path / "lone", needs("common"))
    groups = plan(tmp_path, "backend/order", "lone")
    assert len(groups) == 2
    assert set(groups[0].roots) & set(groups[1].roots) == {tmp_path / "backend"}


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
