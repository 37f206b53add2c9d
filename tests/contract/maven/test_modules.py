"""The machine's Maven builds services with what they need: tiny poms without dependencies of other repositories."""

from pathlib import Path
from zipfile import ZipFile

import pytest

from erp_build.build.check_command import run_check
from erp_build.clients.maven.program import Maven
from erp_build.clients.maven.reactor import MavenModule
from erp_build.errors import BuildFailed
from erp_build.model.build_options import BuildOptions
from erp_build.model.quality_checks.check import Check
from tests.fakes.account import FakeProgress
from tests.support.assembly import surroundings
from tests.support.poms import modules, needs, parent, write_pom

PLUGINS = {"clean": "3.3.2", "resources": "3.3.1", "compiler": "3.13.0", "surefire": "3.2.5", "jar": "3.4.2"}
"""Those of the sample, so that nothing is fetched which the sandbox does not fetch anyway."""

MARKED = (
    "<archive><manifest><mainClass>com.erp.App</mainClass></manifest>"
    "<manifestEntries><Mark>${mark} ${own}</Mark></manifestEntries></archive>"
)


def build_of(own: str) -> str:
    """What every pom here has: plugins that are there, and a jar with the marks of its settings and of its parent."""
    plugins = "".join(
        f"<plugin><artifactId>maven-{name}-plugin</artifactId><version>{version}</version>"
        f"{f'<configuration>{MARKED}</configuration>' if name == 'jar' else ''}</plugin>"
        for name, version in PLUGINS.items()
    )
    properties = f"<own>{own}</own><mark>none</mark><maven.compiler.release>17</maven.compiler.release>"
    encoding = "<project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>"
    return (
        f"<properties>{properties}{encoding}</properties>"
        f"<build><pluginManagement><plugins>{plugins}</plugins></pluginManagement></build>"
    )


def settings(folder: Path, *options: str) -> None:
    (folder / ".mvn").mkdir(parents=True)
    (folder / ".mvn" / "maven.config").write_text("\n".join(options), encoding="utf-8")


class Packaged:
    """The services that the machine's Maven has packaged, by the mark in their jars, and what failed."""

    def __init__(self, root: Path, *paths: str) -> None:
        self.marks: dict[str, str] = {}
        self.error: BuildFailed | None = None
        self.maven = Maven(surroundings(root, root / "scratch", FakeProgress()), BuildOptions())
        try:
            self.maven.package([MavenModule(path, root / path) for path in paths], self._take)
        except BuildFailed as error:
            self.error = error

    def _take(self, name: str, jar: Path, _: float) -> None:
        with ZipFile(jar) as archive:
            lines = archive.read("META-INF/MANIFEST.MF").decode().splitlines()
        self.marks[name] = next(line.removeprefix("Mark: ") for line in lines if line.startswith("Mark: "))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A root with a shared module that two of its three services need, and settings of Maven that build two at once."""
    write_pom(tmp_path, modules("common", "order", "billing", "stock"), build_of("of the root"), artifact="shop")
    write_pom(tmp_path / "common", parent("shop"))
    for name in ("order", "billing"):
        write_pom(tmp_path / name, parent("shop"), needs("common"))
    write_pom(tmp_path / "stock", parent("shop"))
    settings(tmp_path, "-Dmark=above", "-T2")
    return tmp_path


def test_a_root_gives_its_services_the_shared_module_its_settings_and_its_properties(shop: Path) -> None:
    done = Packaged(shop, "order", "billing")
    assert done.error is None
    assert done.marks == dict.fromkeys(("order", "billing"), "above of the root")
    assert (shop / "common" / "target" / "common-1.jar").is_file()
    assert not (shop / "stock" / "target").exists()


def test_a_shared_module_that_fails_takes_with_it_who_needs_it_and_nobody_else(shop: Path) -> None:
    source = shop / "common" / "src" / "main" / "java" / "Common.java"
    source.parent.mkdir(parents=True)
    source.write_text("class Common { 깨진 }", encoding="utf-8")
    done = Packaged(shop, "order", "billing", "stock")
    assert list(done.marks) == ["stock"]
    assert done.error
    assert done.error.targets == {"order", "billing"}
    assert done.error.what == "the sources do not compile"
    assert done.error.why.startswith("common failed, so order, billing were not built")
    assert "Common.java:[1,18]" in done.error.why


def test_siblings_without_a_root_are_built_with_the_settings_above_them(tmp_path: Path) -> None:
    """Two groups with equal artifacts besides: Maven takes both into one reactor."""
    for group in ("one", "two"):
        above = f"<parent><groupId>com.{group}</groupId><artifactId>parent</artifactId><version>1</version>"
        above += "<relativePath>../parent</relativePath></parent>"
        needed = needs("common").replace("com.erp", f"com.{group}")
        folder = tmp_path / group
        write_pom(folder / "parent", "<packaging>pom</packaging>", build_of(f"of {group}"), group=f"com.{group}")
        write_pom(folder / "common", above, group=f"com.{group}")
        write_pom(folder / "service", above, needed, group=f"com.{group}")
    settings(tmp_path, "-Dmark=above")
    done = Packaged(tmp_path, "one/service", "two/service")
    assert done.error is None
    assert done.marks == {"one/service": "above of one", "two/service": "above of two"}


def test_a_check_by_goals_finds_the_shared_module(shop: Path) -> None:
    maven = Maven(surroundings(shop, shop / "scratch", FakeProgress()), BuildOptions())
    check = Check("c", maven=("package", "-DskipTests"), timeout=600.0)
    done = run_check(check, shop / "order", {}, lambda _: None, maven.goals_call)
    assert (done.outcome, done.why) == ("passed", "")
