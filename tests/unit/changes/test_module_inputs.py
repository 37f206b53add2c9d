"""What a service takes by way of Maven is its input: shared modules, parents and imported BOMs of the repository."""

import json
from pathlib import Path
from typing import Any

import pytest

from erp_build.changes.modules import of_commits
from erp_build.changes.target_keys import TargetKey, target_keys
from erp_build.clients.git.objects import Objects
from erp_build.clients.git.repository import GitRepository
from erp_build.config.load import load_project
from tests.support.cases import table
from tests.support.cli import CommandLine
from tests.support.detection import detect
from tests.support.git import Checkout
from tests.support.small_reactor import CONFIG, SERVICES, dependencies, dependency, files, pom

COMMON = "libs/common/src/main/App.java"
BOTH = ["order-service", "stock-service"]
EVERYBODY = [*BOTH, "mail-service", "alone"]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout.create(tmp_path_factory.mktemp("reactor") / "r", **files())


@pytest.fixture
def reactor(template: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return template.clone_to(tmp_path / "reactor")


def edited(checkout: Checkout, edits: dict[str, str | None]) -> str:
    """A commit with these edits."""
    whole = {
        "+mail-service": pom("order-service", dependencies(dependency("common"), dependency("mail-service"))),
        "-common": pom("order-service"),
        "=extra": pom("extra", path="../../../pom.xml"),
    }
    for path, text in edits.items():
        if text is None:
            (checkout.root / path).unlink()
        elif text.startswith("<!--"):
            checkout.write(path, files()[path] + text)
        else:
            checkout.write(path, whole.get(text, text))
    return checkout.commit()


@pytest.mark.parametrize("case", table("module_inputs"))
def test_a_change_builds_who_takes_it_by_way_of_maven(reactor: Checkout, case: dict[str, Any]) -> None:
    base = reactor.head()
    edited(reactor, case["files"])
    found = detect(reactor.root, base)
    assert {name for name, paths in found.changes.items() if paths} == set(case["builds"])
    assert list(found.unowned) == case.get("unowned", [])
    if "rule" in case:
        rules = {change.path: change.rule for change in found.changes[case["builds"][-1]]}
        assert rules[case["path"]] == case["rule"]
    assert any(case.get("warning", "") in warning for warning in (*found.warnings, ""))


@pytest.mark.parametrize("case", table("module_inputs"))
def test_what_was_kept_gives_the_same_answer_as_what_is_read(reactor: Checkout, case: dict[str, Any]) -> None:
    """Base, head, or another commit may be the one whose poms are kept."""
    first = reactor.head()
    base = reactor.commit({"unrelated.txt": "x"})
    edited(reactor, case["files"])
    for kept in (first, base, reactor.head()):
        of_commits.PomsOfCommits(GitRepository(reactor.root)).at(kept)
        changes = detect(reactor.root, base).changes
        assert {name for name, paths in changes.items() if paths} == set(case["builds"])


@pytest.mark.parametrize("form", ["bare", "--head", "narrowed", "json"])
def test_a_plan_finds_them_in_every_form(reactor: Checkout, form: str, tmp_path: Path, erp_build: CommandLine) -> None:
    more = "".join(f'[[service]]\npath = "more/s{number}"\n' for number in range(24)) if form == "narrowed" else ""
    base = reactor.commit({"erp-build.toml": CONFIG + more, "more/x": "x"})
    head = reactor.commit({COMMON: "x"})
    root = reactor.root
    if form == "bare":
        root = reactor.clone_to(tmp_path / "bare.git", "--bare").root
    if form == "--head":
        reactor.commit({"pom.xml": "no pom"})
    words = ["plan", "--repo", str(root), "--base", base, "--head", head, *(["--json"] if form == "json" else [])]
    for _ in range(2):
        answer = erp_build(*words)
        assert answer.code == 0
        if form == "json":
            targets = json.loads(answer.out)["targets"]
            assert [one["name"] for one in targets if one["action"] == "build"] == BOTH
            assert targets[0]["because"] == [{"path": COMMON, "rule": "maven: common -> order-service"}]
        else:
            assert [line.split()[0] for line in answer.out.splitlines() if " build " in line] == BOTH
            assert "maven: common -> order-service" in answer.out


def test_what_maven_does_not_make_takes_nothing_by_way_of_it(reactor: Checkout) -> None:
    text = CONFIG.replace('path = "backend/stock-service"\n', 'path = "backend/stock-service"\npackage = "none"\n')
    base = reactor.commit({"erp-build.toml": text, "backend/stock-service/Dockerfile": "FROM x\nCOPY . /s\n"})
    before = keys(reactor.root)["stock-service"]
    reactor.commit({COMMON: "x"})
    assert [name for name, paths in detect(reactor.root, base).changes.items() if paths] == ["order-service"]
    assert keys(reactor.root)["stock-service"] == before
    assert before.key


def keys(root: Path, head: str = "HEAD", *, checkout: bool = True) -> dict[str, TargetKey]:
    project = load_project(root)
    return target_keys(GitRepository(root), project, head, project.image_targets, checkout=checkout)


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        pytest.param(COMMON, BOTH, id="a shared module"),
        pytest.param("libs/base/new.txt", BOTH, id="a module behind it"),
        pytest.param("bom/pom.xml", EVERYBODY[:3], id="an imported BOM"),
        pytest.param("bom/notes.md", [], id="a file beside it"),
        pytest.param("libs/notes.md", [], id="a file of nobody"),
    ],
)
def test_a_key_is_of_everything_that_maven_takes(reactor: Checkout, path: str, changes: list[str]) -> None:
    before = keys(reactor.root)
    text = files().get(path, "")
    reactor.commit({path: f"{text}<!-- x -->"})
    after, of_commit = keys(reactor.root), keys(reactor.root, checkout=False)
    assert after == of_commit
    assert [name for name in before if before[name].key != after[name].key] == changes


def test_a_source_without_git_has_the_same_keys(reactor: Checkout, tmp_path: Path) -> None:
    before = keys(reactor.root)
    (reactor.root / ".git").rename(tmp_path / "git")
    assert keys(reactor.root) == before


@pytest.mark.parametrize(
    ("edits", "dirty"),
    [
        pytest.param({COMMON: "x"}, BOTH, id="a file of a shared module is changed"),
        pytest.param({"libs/common/new.java": "x"}, BOTH, id="one is not committed"),
        pytest.param({"libs/common/target/App.class": "x"}, [], id="Maven's output beside it"),
        pytest.param({"backend/mail-service/pom.xml": "+"}, ["mail-service"], id="a dependency is not committed"),
        pytest.param({"libs/notes.md": "x"}, [], id="a file of nobody"),
    ],
)
def test_what_is_not_committed_takes_the_keys_of_its_users(
    reactor: Checkout, edits: dict[str, str], dirty: list[str]
) -> None:
    for path, text in edits.items():
        reactor.write(path, pom("mail-service", dependencies(dependency("common"))) if text == "+" else text)
    assert [name for name, key in keys(reactor.root).items() if key.is_dirty] == dirty


def test_a_module_that_was_named_and_not_committed_takes_the_keys(reactor: Checkout) -> None:
    """The build here has it; that of a clean checkout has not."""
    root = files()["pom.xml"].replace("<modules>", "<modules><module>libs/starter</module>")
    reactor.commit({"pom.xml": root})
    assert not any(key.is_dirty for key in keys(reactor.root).values())
    starter = "<groupId>org.spring</groupId><artifactId>starter</artifactId><version>1</version>"
    reactor.write("libs/starter/pom.xml", f"<project>{starter}</project>")
    assert [name for name, key in keys(reactor.root).items() if key.is_dirty] == EVERYBODY


def test_a_module_on_both_sides_counts_for_who_used_it(reactor: Checkout) -> None:
    base = reactor.commit({"backend/mail-service/pom.xml": pom("mail-service", dependencies(dependency("common")))})
    (reactor.root / "backend/mail-service/pom.xml").write_text(pom("mail-service"))
    reactor.commit({COMMON: "x"})
    found = detect(reactor.root, base).changes["mail-service"]
    assert {change.path for change in found} == {COMMON, "backend/mail-service/pom.xml"}


def test_a_module_that_is_deleted_is_a_change_of_who_still_names_it(reactor: Checkout) -> None:
    user = pom("mail-service", dependencies(dependency("solo")))
    base = reactor.commit(
        {"tools/solo/pom.xml": pom("solo"), "tools/solo/x": "x", "backend/mail-service/pom.xml": user}
    )
    reactor.git("rm", "-r", "--quiet", "tools/solo")
    reactor.commit()
    found = detect(reactor.root, base).changes
    assert {name for name, paths in found.items() if paths} == {"mail-service"}
    assert {change.rule for change in found["mail-service"]} == {"maven: solo -> mail-service"}


def test_an_owner_by_its_folder_keeps_that_rule(reactor: Checkout) -> None:
    text = CONFIG.replace('path = "backend/mail-service"', 'path = "backend/mail-service"\ninputs = ["libs/common/**"]')
    base = reactor.commit({"erp-build.toml": text})
    reactor.commit({COMMON: "x"})
    found = detect(reactor.root, base).changes
    assert [change.rule for change in found["mail-service"]] == ["input: libs/common/**"]
    assert [change.rule for change in found["stock-service"]] == ["maven: common -> stock-service"]


def test_an_ignored_file_of_a_shared_module_is_nobodys(reactor: Checkout) -> None:
    base = reactor.commit({"erp-build.toml": f'ignore = ["*.md"]\n{CONFIG}'})
    reactor.commit({"libs/common/README.md": "x"})
    assert not any(detect(reactor.root, base).changes.values())


class Counted(GitRepository):
    """Counts the processes that read objects."""

    readers = 0

    def objects(self) -> Objects:
        self.readers += 1
        return super().objects()


def test_nothing_is_read_where_the_poms_are_kept_and_only_what_changed_where_they_differ(reactor: Checkout) -> None:
    base = reactor.head()
    of_commits.PomsOfCommits(Counted(reactor.root)).at(base).users_of("x")
    head = reactor.commit({COMMON: "x"})
    repository = Counted(reactor.root)
    (found,) = of_commits.poms_of(repository).between(base, head, repository.changed_paths(base, head))
    assert "alone" in found.users_of("alone/src/x")
    assert repository.readers == 0
    head = reactor.commit({"alone/pom.xml": pom("alone", dependencies(dependency("base")), parent="")})
    after, before = of_commits.poms_of(repository).between(base, head, repository.changed_paths(base, head))
    assert ("alone" in after.users_of("libs/base/x"), "alone" in before.users_of("libs/base/x")) == (True, False)
    again = Counted(reactor.root)
    after, _ = of_commits.PomsOfCommits(again).between(base, head, again.changed_paths(base, head))
    assert "alone" in after.users_of("libs/base/x")
    assert again.readers == 0


def test_the_same_poms_have_one_key_whatever_the_commit(reactor: Checkout) -> None:
    first = of_commits.PomsOfCommits(GitRepository(reactor.root)).at(reactor.head()).key
    reactor.commit({"alone/pom.xml": pom("alone", parent=""), "x/pom.xml": pom("x", parent="")})
    (reactor.root / "x/pom.xml").unlink()
    reactor.commit({"alone/pom.xml": files()["alone/pom.xml"]})
    reactor.git("commit", "--quiet", "--allow-empty", "--message", "more")
    repository = GitRepository(reactor.root)
    assert of_commits.PomsOfCommits(repository).at(reactor.head()).key == first


def test_a_cache_that_is_damaged_or_of_others_is_read_anew(reactor: Checkout, tmp_path: Path) -> None:
    base = reactor.head()
    reactor.commit({COMMON: "x"})
    assert {name for name, paths in detect(reactor.root, base).changes.items() if paths} == set(BOTH)
    for file in (tmp_path / "cache" / "erp-build").iterdir():
        file.write_bytes(b"damaged")
    assert {name for name, paths in detect(reactor.root, base).changes.items() if paths} == set(BOTH)


def test_a_service_that_nobody_names_needs_no_graph(reactor: Checkout) -> None:
    found = of_commits.PomsOfCommits(GitRepository(reactor.root)).at(reactor.head())
    assert [found.users_of(f"backend/{name}-service/x") for name in SERVICES] == [
        (f"backend/{name}-service",) for name in SERVICES
    ]
    assert "graph" not in vars(found)
    assert set(found.users_of("libs/base/x")) == {"libs/base", "libs/common", *(f"backend/{name}" for name in BOTH)}
