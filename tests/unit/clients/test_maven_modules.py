"""Services with shared modules in one Maven: which jars go on and when, and who is named for a failure."""

from pathlib import Path

import pytest

from erp_build.clients.maven.reactor import MavenModule
from tests.support.played_maven import THIN, PlayedMaven, begins, fails, jar, makes, skips, waits
from tests.support.poms import modules, needs, parent, write_pom

RECORDED = Path(__file__).parents[2] / "recorded" / "maven"
SUMMARY = "echo '[INFO] Reactor Summary for shop 1:'\n"
BROKEN_TRANSFER = (
    "Could not resolve dependencies for project com.erp:x:jar:1: Could not transfer artifact a:b:jar:1 "
    "from/to central: Connection reset"
)
AT_ONCE = "echo '[INFO] Using the MultiThreadedBuilder implementation with a thread count of 2'\n"


@pytest.fixture
def maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PlayedMaven:
    """A root with a shared module `common`, which `order` and `billing` need, and `stock` does not."""
    write_pom(tmp_path, modules("common", "order", "billing", "stock"), artifact="shop")
    write_pom(tmp_path / "common", parent("shop"))
    for name in ("order", "billing"):
        write_pom(tmp_path / name, parent("shop"), needs("common"))
    write_pom(tmp_path / "stock", parent("shop"))
    jar(tmp_path / "prepared.jar")
    jar(tmp_path / "thin.jar", THIN)
    return PlayedMaven(tmp_path, monkeypatch)


def names(maven: PlayedMaven) -> list[str]:
    return [name for name, _ in maven.handed]


def copies_of(made: str) -> str:
    """The lines of a script that make jars of `stock`, such as `app.jar of prepared.jar, lib/x.jar of thin.jar`."""
    pairs = (one.split(" of ") for one in made.split(", "))
    return "".join(f"mkdir -p stock/target/lib stock/out; cp {of} stock/target/{name}\n" for name, of in pairs)


def test_a_jar_goes_on_when_the_next_module_begins(maven: PlayedMaven) -> None:
    maven.plays(
        f"{begins('common')}{begins('order')}{makes('order')}{begins('billing')}{waits('order')}"
        f"{makes('billing')}{SUMMARY}"
    )
    assert maven.package("order", "billing") is None
    assert names(maven) == ["order", "billing"]
    (words,) = maven.words
    assert words.startswith("--file ROOT/pom.xml --projects ./order,./billing --also-make --batch-mode ")
    assert words.endswith(" -DskipTests --fail-at-end clean package")


@pytest.mark.parametrize("sign", [SUMMARY, "echo '[INFO] BUILD SUCCESS'\n"], ids=["of several", "of one module"])
def test_the_last_jar_goes_on_before_the_jvm_of_maven_has_ended(maven: PlayedMaven, sign: str) -> None:
    maven.plays(f"{begins('stock')}{makes('stock')}{sign}{waits('stock')}")
    assert maven.package("stock") is None
    assert names(maven) == ["stock"]


def test_the_jar_of_a_module_that_failed_does_not_go_on(maven: PlayedMaven) -> None:
    """It may be there: what failed then came behind it."""
    maven.plays(f"{begins('stock')}{makes('stock')}echo '[INFO] BUILD FAILURE'\n{fails('stock')}exit 1\n")
    error = maven.package("stock")
    assert error
    assert error.targets == {"stock"}
    assert names(maven) == []


@pytest.mark.parametrize(
    "sign", [AT_ONCE, f"{begins('order')}echo '[INFO] --- jar:3.4.2:jar (default-jar) @ billing ---'\n"]
)
def test_where_maven_builds_several_modules_at_once_no_jar_goes_on_before_its_end(
    maven: PlayedMaven, sign: str
) -> None:
    """`MAVEN_ARGS=-T2`: the next module begins before the plugin of Spring Boot has repackaged this one."""
    maven.plays(
        f"{sign}{begins('order')}{makes('order', of='thin.jar')}{begins('billing')}{makes('billing', of='thin.jar')}"
        f"sleep 0.3\ntest -f handed-order && exit 9\n{makes('order')}{makes('billing')}{SUMMARY}"
    )
    assert maven.package("order", "billing") is None
    assert names(maven) == ["order", "billing"]


def test_at_once_what_is_whole_goes_on_although_another_module_fails(maven: PlayedMaven) -> None:
    maven.plays(f"{AT_ONCE}{begins('order')}{begins('stock')}{makes('stock')}{SUMMARY}{fails('order')}exit 1\n")
    error = maven.package("order", "stock")
    assert error
    assert error.targets == {"order"}
    assert names(maven) == ["stock"]


def test_a_jar_that_is_written_again_fails_its_service(maven: PlayedMaven) -> None:
    maven.plays(
        f"{begins('order')}{makes('order')}{begins('stock')}{waits('order')}{makes('order')}{makes('stock')}{SUMMARY}"
    )
    error = maven.package("order", "stock")
    assert error
    assert error.what == "the jar was written again after it was complete"
    assert error.targets == {"order"}


def test_a_shared_module_that_fails_is_named_with_every_service_that_needs_it(maven: PlayedMaven) -> None:
    maven.plays(
        f"{begins('common')}{skips('order')}{skips('billing')}{begins('stock')}{makes('stock')}"
        f"{SUMMARY}{fails('common')}exit 1\n"
    )
    error = maven.package("order", "billing", "stock")
    assert error
    assert error.what == "the sources do not compile"
    assert error.where == f"common ({maven.root}/common)"
    assert error.why.splitlines()[0] == "common failed, so order, billing were not built"
    assert error.next_step.endswith("by hand: mvn -f pom.xml -pl common -am clean package")
    assert error.targets == {"order", "billing"}
    assert names(maven) == ["stock"]


@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "several at once"])
def test_a_service_that_was_built_before_another_one_was_skipped_is_complete(
    maven: PlayedMaven, *, at_once: bool
) -> None:
    """Maven says that it skips a module without a line that announces it first."""
    several = AT_ONCE if at_once else ""
    maven.plays(
        f"{several}{begins('common')}{begins('stock')}{makes('stock')}{skips('order')}"
        f"{SUMMARY}{fails('common')}exit 1\n"
    )
    error = maven.package("order", "stock")
    assert error
    assert error.targets == {"order"}
    assert names(maven) == ["stock"]


def test_a_recorded_failure_of_a_shared_module_keeps_only_its_users_from_being_built(maven: PlayedMaven) -> None:
    maven.plays(f"{makes('stock')}tail -n +2 {RECORDED}/reactor-needed.log\nexit 1\n")
    error = maven.package("order", "billing", "stock")
    assert error
    assert error.targets == {"order", "billing"}
    assert error.why.startswith("common failed, so order, billing were not built\n/src/common/")
    assert names(maven) == ["stock"]


def test_a_service_that_fails_takes_with_it_the_one_that_needs_it(maven: PlayedMaven) -> None:
    write_pom(maven.root / "billing", parent("shop"), needs("order"))
    maven.plays(f"{begins('order')}{skips('billing')}{SUMMARY}{fails('order')}exit 1\n")
    error = maven.package("billing", "order")
    assert error
    assert error.where == f"order ({maven.root}/order)"
    assert error.why.startswith("order failed, so billing was not built")
    assert error.targets == {"order", "billing"}


def test_the_jar_of_a_service_that_another_one_needs_waits_for_all_mavens(maven: PlayedMaven) -> None:
    """Another attempt, or the Maven of the other service, writes it again."""
    write_pom(maven.root / "billing", parent("shop"), needs("order"))
    maven.plays(
        f"{begins('order')}{makes('order')}{begins('billing')}{SUMMARY}{fails('billing', BROKEN_TRANSFER)}exit 1\n",
        f"{begins('order')}{makes('order')}{begins('billing')}{makes('billing')}{SUMMARY}",
    )
    assert maven.package("order", "billing") is None
    assert names(maven) == ["billing", "order"]
    assert "--update-snapshots" in maven.words[1]


def test_only_what_a_transfer_kept_from_being_built_is_built_again(maven: PlayedMaven) -> None:
    maven.plays(
        f"{begins('order')}{begins('stock')}{makes('stock')}{SUMMARY}{fails('order', BROKEN_TRANSFER)}exit 1\n",
        f"{begins('order')}{makes('order')}{SUMMARY}",
    )
    assert maven.package("order", "stock") is None
    assert sorted(names(maven)) == ["order", "stock"]
    assert "--projects ./order --also-make" in maven.words[1]


def test_a_root_that_maven_cannot_build_is_gone_around(maven: PlayedMaven) -> None:
    """It may name the service in a profile that is not active, or have another module that cannot be read."""
    why = "echo '[ERROR] Could not find the selected project in the reactor: ./order -> [Help 1]'\nexit 1\n"
    maven.plays(why, f"{begins('common')}{begins('order')}{makes('order')}{SUMMARY}")
    assert maven.package("order") is None
    assert names(maven) == ["order"]
    assert "scratch" in maven.words[1]
    assert "--projects ./../../order --also-make" in maven.words[1]


def test_one_pom_that_cannot_be_read_keeps_no_other_service_from_being_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        write_pom(tmp_path / name)
    jar(tmp_path / "prepared.jar")
    maven = PlayedMaven(tmp_path, monkeypatch)
    broken = (
        "echo '[ERROR] The build could not read 1 project -> [Help 1]'\n"
        f"echo '[ERROR]   The project com.erp:a:1 ({tmp_path}/a/pom.xml) has 1 error'\n"
        "echo '[ERROR]     Malformed POM'\nexit 1\n"
    )
    maven.plays(broken, f"{begins('b')}{makes('b')}{SUMMARY}")
    error = maven.package("a", "b")
    assert error
    assert error.targets == {"a"}
    assert names(maven) == ["b"]


def test_services_of_equal_artifacts_are_told_apart_by_their_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        write_pom(tmp_path / name, artifact="service", group=f"com.{name}")
    jar(tmp_path / "prepared.jar")
    maven = PlayedMaven(tmp_path, monkeypatch)
    first, second = (begins("service", f"com.{name}") for name in ("two", "one"))
    maven.plays(f"{first}{makes('two')}{second}{waits('two')}{makes('one')}{SUMMARY}")
    assert maven.package("one", "two") is None
    assert [(name, made.parent.parent.name) for name, made in maven.handed] == [("two", "two"), ("one", "one")]


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("2", "common/pom.xml makes common in version 1: ask for that version, and not for 2"),
        ("1", "common is made by common/pom.xml: let the build of it make what is asked for (jar:1)"),
    ],
)
def test_a_sibling_that_cannot_be_found_is_told_as_what_it_is(maven: PlayedMaven, version: str, told: str) -> None:
    why = f"Could not resolve dependencies: Could not find artifact com.erp:common:jar:{version} in central (https://x)"
    maven.plays(f"{begins('stock')}{SUMMARY}{fails('stock', why)}exit 1\n")
    error = maven.package("stock")
    assert error
    assert error.next_step.startswith(told)


def test_a_service_with_modules_of_its_own_has_the_jar_that_its_dockerfile_copies(maven: PlayedMaven) -> None:
    write_pom(maven.root / "stock", parent("shop"), modules("api", "app"))
    for name in ("api", "app"):
        write_pom(maven.root / "stock" / name, parent("stock"), artifact=f"stock-{name}")
    maven.plays(
        f"{begins('stock')}{begins('stock-api')}{makes('stock/api', of='thin.jar')}{begins('stock-app')}"
        f"{makes('stock/app')}{begins('order')}{makes('order')}{SUMMARY}"
    )
    assert maven.package(MavenModule("stock", maven.root / "stock", ("app/target/*.jar",)), "order") is None
    assert maven.handed[0] == ("stock", maven.root / "stock/app/target/app.jar")


@pytest.mark.parametrize(
    ("copied", "made", "chosen"),
    [
        ("", "app.jar of prepared.jar", "target/app.jar"),
        ("target/*.jar", "app.jar of prepared.jar", "target/app.jar"),
        ("target/app-exec.jar", "app.jar of thin.jar, app-exec.jar of prepared.jar", "target/app-exec.jar"),
        ("./target/*.war", "app.war of prepared.jar", "target/app.war"),
        ("out/app.jar", "../out/app.jar of prepared.jar", "out/app.jar"),
        ("target/lib/*.jar target/app.jar", "lib/h2.jar of thin.jar, app.jar of prepared.jar", "target/app.jar"),
        ("agent.jar target/app.jar", "app.jar of prepared.jar", "target/app.jar"),
        ("build/libs/*.jar", "app.jar of prepared.jar", "target/app.jar"),
    ],
    ids=[
        "a Dockerfile that copies folders",
        "by a pattern",
        "a classifier",
        "a war",
        "another folder",
        "libraries beside it",
        "a jar of the sources",
        "one that is not there",
    ],
)
def test_the_jar_is_the_one_that_the_dockerfile_copies(maven: PlayedMaven, copied: str, made: str, chosen: str) -> None:
    jar(maven.root / "stock" / "agent.jar", THIN)
    maven.plays(f"{begins('stock')}{copies_of(made)}{SUMMARY}")
    assert maven.package(MavenModule("stock", maven.root / "stock", tuple(copied.split()))) is None
    assert maven.handed == [("stock", maven.root / "stock" / chosen)]


@pytest.mark.parametrize(
    ("copied", "made", "what"),
    [
        ("target/*.jar", "a.jar of prepared.jar, b.jar of prepared.jar", "2 executable jars"),
        ("target/app.jar", "app.jar of thin.jar, app-exec.jar of prepared.jar", "a jar without its libraries"),
        ("target/app.jar", "app.jar of plain.jar, app-exec.jar of prepared.jar", "no executable jar"),
    ],
    ids=["two", "the thin one", "no program"],
)
def test_a_dockerfile_that_copies_another_jar_is_an_error_that_says_so(
    maven: PlayedMaven, copied: str, made: str, what: str
) -> None:
    jar(maven.root / "plain.jar", "Manifest-Version: 1.0\n")
    maven.plays(f"{begins('stock')}{copies_of(made)}{SUMMARY}")
    error = maven.package(MavenModule("stock", maven.root / "stock", (copied,)))
    assert error
    assert error.what.startswith(f"the Dockerfile copies {what}")
    assert "COPY" in error.next_step
    assert maven.handed == []
