"""What the rules say of real changes: services that go away or lie in each other, inputs, ignored files."""

import unicodedata
from pathlib import Path

import pytest

from erp_build.model.plan import Step
from tests.support.detection import built, changed, detect, plan
from tests.support.git import Checkout
from tests.support.samples import NOTIFICATION

N = "backend/notification-service"
OTHER_POM = "<project>other</project>\n"
TWO = '[[service]]\npath = "a"\ninputs = ["common/**", "pom.xml"]\n[[service]]\npath = "b"\n'


def repository(root: Path, config: str, *files: str) -> tuple[Checkout, str]:
    """A repository with a configuration and some files, and its first commit."""
    checkout = Checkout.create(root, **{"erp-build.toml": config, **dict.fromkeys(files, "x")})
    return checkout, checkout.head()


def step(root: Path, base: str, name: str) -> Step:
    return next(step for step in plan(root, base).steps if step.target.name == name)


def test_a_service_whose_directory_is_deleted_is_removed_and_not_built(erp: Checkout) -> None:
    base = erp.head()
    erp.git("rm", "-r", "--quiet", N)
    head = erp.commit()
    found = step(erp.root, base, NOTIFICATION)
    assert found.action == "none"
    assert [reason.rule for reason in found.because] == [f"removed: {N} is not in {head[:12]}"]


def test_a_service_that_lost_only_some_files_is_built(erp: Checkout) -> None:
    base = erp.head()
    erp.git("rm", "-r", "--quiet", f"{N}/src")
    erp.commit()
    assert built(plan(erp.root, base)) == {NOTIFICATION}


@pytest.mark.parametrize("other", ["common/x", "pom.xml", "helm-chart/x", "b/x", "docs/x"])
def test_a_service_is_removed_whatever_else_changed(tmp_path: Path, other: str) -> None:
    checkout, base = repository(tmp_path, TWO, "a/x", "b/y", "common/x")
    checkout.git("rm", "-r", "--quiet", "a")
    checkout.commit({other: OTHER_POM})
    found = step(tmp_path, base, "a")
    assert found.action == "none"
    assert found.because[0].rule.startswith("removed")


@pytest.mark.parametrize("other", ["common/x", "pom.xml", "erp-build.toml"])
def test_a_service_that_was_gone_before_the_baseline_is_not_built_for_a_shared_change(
    tmp_path: Path, other: str
) -> None:
    checkout, _ = repository(tmp_path, TWO, "a/x", "b/y", "common/x")
    checkout.git("rm", "-r", "--quiet", "a")
    base = checkout.commit()
    checkout.commit({other: f"{TWO}# other\n" if other.endswith("toml") else OTHER_POM, "b/z": "x"})
    assert step(tmp_path, base, "a").action == "none"


def test_a_service_that_moves_is_removed_here_and_built_there(tmp_path: Path) -> None:
    checkout, base = repository(tmp_path, '[[service]]\npath = "a"\n[[service]]\npath = "c"\n', "a/x", "a/y")
    checkout.git("mv", "a", "c")
    checkout.commit()
    assert {item.target.name: item.action for item in plan(tmp_path, base).steps} == {
        "a": "none",
        "c": "build",
        "helm-chart": "none",
    }


@pytest.mark.parametrize("configured", ["NFC", "NFD"])
@pytest.mark.parametrize("committed", ["NFC", "NFD"])
def test_a_deleted_file_is_not_the_end_of_a_service_with_a_korean_name(
    tmp_path: Path, configured: str, committed: str
) -> None:
    composed, decomposed = "백엔드/알림", unicodedata.normalize("NFD", "백엔드/알림")
    forms = {"NFC": composed, "NFD": decomposed}
    directory = forms[committed]
    config = f'[[service]]\nname = "s"\npath = "{forms[configured]}"\n'
    checkout, base = repository(tmp_path, config, f"{directory}/x", f"{directory}/y")
    checkout.git("rm", "--quiet", f"{directory}/x")
    checkout.commit()
    assert step(tmp_path, base, "s").action == "build"
    checkout.git("rm", "--quiet", f"{directory}/y")
    checkout.commit()
    assert step(tmp_path, base, "s").action == "none"


def test_two_services_on_one_path_both_count_and_a_warning_says_so(tmp_path: Path) -> None:
    config = '[[service]]\npath = "a"\nname = "api"\n[[service]]\npath = "a"\nname = "worker"\n'
    checkout, base = repository(tmp_path, config, "a/x")
    checkout.commit({"a/x": "other"})
    found = detect(tmp_path, base)
    assert set(changed(tmp_path, base)) == {"api", "worker"}
    assert found.warnings == ("a belongs to api, worker: a change in it counts for each of them",)


def test_a_service_inside_another_counts_for_both_and_a_warning_says_so(tmp_path: Path) -> None:
    config = '[[service]]\npath = "a"\n[[service]]\npath = "a/b/inner"\n[[service]]\npath = "ab"\n'
    checkout, base = repository(tmp_path, config, "a/x", "a/b/inner/x", "ab/x")
    checkout.commit({"a/b/inner/x": "other"})
    assert set(changed(tmp_path, base)) == {"a", "inner"}
    assert detect(tmp_path, base).warnings == ("a/b/inner belongs to inner, a: a change in it counts for each of them",)


@pytest.mark.parametrize(
    ("path", "targets"),
    [
        pytest.param("common/deep/x", {"a"}, id="below the input"),
        pytest.param("pom.xml", {"a"}, id="a single file"),
        pytest.param("common2/x", set(), id="a sibling with the same beginning"),
        pytest.param("b/common/x", {"b"}, id="the same name further down"),
        pytest.param("b/pom.xml", {"b"}, id="the same file name further down"),
    ],
)
def test_an_input_counts_for_the_service_that_names_it(tmp_path: Path, path: str, targets: set[str]) -> None:
    checkout, base = repository(tmp_path, TWO, "a/x", "b/x")
    checkout.commit({path: OTHER_POM})
    assert set(changed(tmp_path, base)) == targets


@pytest.mark.parametrize(
    ("path", "targets", "unowned"),
    [
        pytest.param("a/README.md", set(), (), id="by its end"),
        pytest.param("a/docs/x.java", set(), (), id="in an ignored directory"),
        pytest.param("notes/docs/x", set(), (), id="not missed as unowned either"),
        pytest.param("a/KEEP.md", {"a"}, (), id="taken back by an exclamation mark"),
        pytest.param("a/top", {"a"}, (), id="an anchored pattern further down"),
        pytest.param("top", set(), (), id="an anchored pattern"),
        pytest.param("a/docs", {"a"}, (), id="a file with the name of an ignored directory"),
        pytest.param("a/line\nfeed.md", set(), (), id="a name with a line end"),
        pytest.param("x.mdx", set(), ("x.mdx",), id="a longer end"),
    ],
)
def test_ignored_files_build_nothing(tmp_path: Path, path: str, targets: set[str], unowned: tuple[str, ...]) -> None:
    config = 'ignore = ["# a comment", "", "*.md", "docs/", "/top", "!KEEP.md"]\n[[service]]\npath = "a"\n'
    checkout, base = repository(tmp_path, config, "a/x")
    checkout.commit({path: OTHER_POM})
    assert set(changed(tmp_path, base)) == targets
    assert detect(tmp_path, base).unowned == unowned


@pytest.mark.parametrize("becomes", ["a file", "a link", "a submodule"])
def test_a_directory_that_becomes_something_else_is_a_change_and_no_removal(erp: Checkout, becomes: str) -> None:
    base = erp.head()
    erp.git("rm", "-r", "--quiet", N)
    if becomes == "a file":
        erp.write(N)
    elif becomes == "a link":
        (erp.root / N).symlink_to("employee-service")
    erp.git("add", "--all")
    if becomes == "a submodule":
        erp.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},{N}")
    erp.git("commit", "--quiet", "--message", "change")
    assert N in changed(erp.root, base)[NOTIFICATION]
    assert step(erp.root, base, NOTIFICATION).action == "build"


def test_a_file_that_becomes_a_link_with_the_same_content_is_a_change(erp: Checkout) -> None:
    erp.write(f"{N}/link", "pom.xml")
    base = erp.commit()
    (erp.root / N / "link").unlink()
    (erp.root / N / "link").symlink_to("pom.xml")
    erp.commit()
    assert changed(erp.root, base) == {NOTIFICATION: {f"{N}/link"}}


def test_a_file_behind_a_link_is_the_change_of_the_service_that_has_it(erp: Checkout) -> None:
    """Git sees no change at the link; `replay --coverage` names a link that leaves its service."""
    (erp.root / N / "link").symlink_to("../employee-service/pom.xml")
    base = erp.commit()
    erp.commit({"backend/employee-service/pom.xml": "<project/>\n"})
    assert set(changed(erp.root, base)) == {"employee-service"}


@pytest.mark.parametrize("pattern", ["proto", "proto/", "/proto", "proto/**"])
@pytest.mark.parametrize("key", ["shared", "inputs"])
def test_a_plain_directory_means_its_contents(tmp_path: Path, pattern: str, key: str) -> None:
    texts = [f'{key} = ["{pattern}"]\n', '[[service]]\npath = "a"\n']
    checkout, base = repository(tmp_path, "".join(texts if key == "shared" else texts[::-1]), "a/x")
    checkout.commit({"proto/v1/deep.proto": "x", "protocol/x": "x"})
    assert changed(tmp_path, base) == {"a": {"proto/v1/deep.proto"}}


def test_a_values_file_beside_the_chart_is_the_charts(tmp_path: Path) -> None:
    config = '[[service]]\npath = "a"\n[chart]\npath = "deploy/chart"\nvalues = "../dev.yaml"\n'
    checkout, base = repository(tmp_path, config, "a/x")
    checkout.commit({"deploy/dev.yaml": "replicaCount: 3\n"})
    assert changed(tmp_path, base) == {"helm-chart": {"deploy/dev.yaml"}}


@pytest.mark.parametrize("file", ["deploy/base.yaml", "deploy/dev.yaml"])
def test_each_values_file_beside_the_chart_is_the_charts(file: str, tmp_path: Path) -> None:
    config = '[[service]]\npath = "a"\n[chart]\npath = "deploy/chart"\nvalues = ["../base.yaml", "../dev.yaml"]\n'
    checkout, base = repository(tmp_path, config, "a/x")
    checkout.commit({file: "replicaCount: 3\n"})
    assert changed(tmp_path, base) == {"helm-chart": {file}}
