"""`init` in repositories of many shapes: the file gives the right plan, or says what is not supported."""

import io
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from erp_build.cli.console import Console
from erp_build.cli.verbs import init
from erp_build.clients.secrets import Secrets
from erp_build.config.load import default_project, load_project
from erp_build.model.project import Function, Service
from tests.support import shapes
from tests.support.cli import CommandLine
from tests.support.git import Checkout
from tests.support.init_shape import FILE
from tests.support.sources import ROOT


def test_of_a_repository_as_it_is_every_line_is_found(shape: Any) -> None:
    found = shape(shapes.as_is())
    text = found.written()
    project = found.project()
    names = ("approval-processing", "approval-request", "notification")
    keys = ("approvalProcessing", "approvalRequest", "notification")
    assert project.services == tuple(
        Service(
            name=f"{name}-service",
            path=f"backend/{name}-service",
            repository=f"{name}-service",
            values_key=f"services.{key}",
        )
        for name, key in zip(names, keys, strict=True)
    )
    assert project.functions == (
        Function(
            name="employee-service",
            path="backend/employee-service",
            repository="employee-service-lambda",
            function="erp-dev-employee-service",
            dockerfile="Dockerfile.lambda",
        ),
    )
    assert project.chart[:4] == ("helm-chart", "values-dev.yaml", "erp-microservices", "erp-dev")
    assert (project.parameters, project.shared) == ("/erp/dev", ("backend/proto/**",))
    assert "# infrastructure/main.tf:2" in text
    assert "# buildspec.yml:3" in text
    assert "a guess" not in text


def test_of_a_repository_as_it_is_each_change_builds_what_it_must(shape: Any) -> None:
    found = shape(shapes.as_is())
    found.written()
    assert found.planned("backend/notification-service/src/App.java") == {"notification-service"}
    assert found.planned("backend/employee-service/pom.xml") == {"employee-service"}
    assert found.planned("frontend/package.json", "docs/배포_가이드.md", "buildspec.yml") == set()
    services = {"approval-request-service", "approval-processing-service", "notification-service"}
    assert found.planned("helm-chart/templates/deployment.yaml") == {*services, "helm-chart"}
    assert found.planned("backend/proto/approval.proto") == {*services, "employee-service"}


def test_no_value_but_a_name_is_shown(shape: Any, erp_build: CommandLine) -> None:
    found = shape(shapes.as_is())
    answer = erp_build("init", "--repo", found.checkout.root)
    assert "values_key" in answer.out
    for hidden in (shapes.PASSWORD, "mongodb://", "123456789012"):
        assert hidden not in answer.out + answer.err


def test_of_a_reactor_neither_parents_nor_modules_are_written_and_both_count(shape: Any) -> None:
    found = shape(shapes.reactor())
    text = found.written()
    assert [(one.name, one.inputs) for one in found.project().services] == [("orders", ()), ("users", ())]
    assert "NOTE" not in text
    assert found.planned("orders/src/App.java") == {"orders"}
    assert found.planned("shop-model/src/Order.java") == {"orders"}
    assert found.planned("pom.xml") == {"orders", "users"}
    assert found.planned("chart/values.yaml") == {"orders", "users", "helm-chart"}


def test_of_a_reactor_that_dockerfiles_build_they_are_written(shape: Any) -> None:
    files = shapes.reactor()
    alone = "FROM maven:3 AS b\nCOPY . .\nRUN ./mvnw package\nFROM x\nCOPY --from=b /a /a\n"
    found = shape({**files, "orders/Dockerfile": alone, "users/Dockerfile": alone})
    found.written()
    assert [(one.package, one.inputs) for one in found.project().services] == [
        ("none", ("pom.xml", "shop-model/**")),
        ("none", ("pom.xml",)),
    ]
    assert found.planned("shop-model/src/Order.java") == {"orders"}
    assert found.planned("pom.xml") == {"orders", "users"}


def test_a_module_with_a_shared_name_counts_for_its_users_alone(shape: Any) -> None:
    files = {path.replace("shop-model", "common"): text for path, text in shapes.reactor().items()}
    files["pom.xml"] = files["pom.xml"].replace("shop-model", "common")
    found = shape(files)
    found.written()
    assert found.project().shared == ()
    assert found.planned("common/src/Order.java") == {"orders"}


def test_without_a_chart_the_services_are_planned_and_it_is_said(shape: Any) -> None:
    found = shape(shapes.services("orders", "users") | {"k8s/kustomization.yaml": "x: 1\n"})
    text = found.written()
    assert "# - no Helm chart: a run deploys by one; `plan` works without it; kustomize is not supported\n" in text
    assert found.planned("orders/src/App.java", "k8s/kustomization.yaml") == {"orders"}


def test_nested_services_have_names_of_their_own_and_both_own_what_is_inside(shape: Any) -> None:
    found = shape(shapes.services("shop/eu/orders", "shop/us/orders", "shop/us/orders/worker"))
    text = found.written()
    assert [one.name for one in found.project().services] == ["shop-eu-orders", "shop-us-orders", "worker"]
    assert "# NOTE: it contains shop/us/orders/worker: a change there counts for both.\n" in text
    assert found.planned("shop/us/orders/worker/src/App.java") == {"worker", "shop-us-orders"}
    assert found.planned("shop/us/orders/src/App.java") == {"shop-us-orders"}
    assert found.planned("shop/eu/orders/pom.xml") == {"shop-eu-orders"}


def test_what_git_ignores_is_no_source(shape: Any) -> None:
    found = shape(shapes.services("orders") | {".gitignore": "old/\n"})
    for path, content in shapes.services("old/orders").items():
        found.checkout.write(path, content)
    found.written()
    assert [one.path for one in found.project().services] == ["orders"]


def test_a_folder_without_git_is_read_as_it_lies(tmp_path: Path, erp_build: CommandLine) -> None:
    shapes.write(
        tmp_path, {**shapes.services("orders"), "node_modules/x/pom.xml": "x", "node_modules/x/Dockerfile": ""}
    )
    answer = erp_build("init", "--repo", tmp_path)
    assert answer.code == 0
    assert 'path = "orders"' in answer.out
    assert "node_modules" not in answer.out


def test_without_a_terminal_the_file_is_shown_and_not_written(shape: Any, erp_build: CommandLine) -> None:
    found = shape(shapes.services("orders"))
    answer = erp_build("init", "--repo", found.checkout.root)
    assert answer.code == 0
    assert "[[service]]" in answer.out
    assert "nothing was written; erp-build init --write" in answer.err
    assert not (found.checkout.root / FILE).exists()


@pytest.mark.parametrize("there", ["a file", "a link that leads nowhere"])
def test_a_file_that_is_there_is_never_overwritten(shape: Any, erp_build: CommandLine, there: str) -> None:
    found = shape(shapes.services("orders"))
    path = found.checkout.root / FILE
    if there == "a file":
        path.write_text("# mine\n", encoding="utf-8")
    else:
        path.symlink_to("nowhere")
    answer = erp_build("init", "--repo", found.checkout.root, "--write")
    assert (answer.code, answer.out) == (2, "")
    assert "erp-build.toml is there already" in answer.err
    shown = erp_build("init", "--repo", found.checkout.root)
    assert shown.code == 0
    assert "[[service]]" in shown.out
    assert "is there already and stays as it is" in shown.err
    assert path.is_symlink() or path.read_text(encoding="utf-8") == "# mine\n"


def test_a_bare_repository_has_no_files(shape: Any, erp_build: CommandLine, tmp_path: Path) -> None:
    bare = shape(shapes.services("orders")).checkout.clone_to(tmp_path / "bare.git", "--bare")
    answer = erp_build("init", "--repo", bare.root)
    assert answer.code == 2
    assert "a bare repository has no files" in answer.err


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("word", "is_written"), [("y", True), ("yes", True), ("n", False), ("", False)])
def test_on_a_terminal_it_asks_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, *, is_written: bool
) -> None:
    shapes.write(tmp_path, shapes.services("orders"))
    monkeypatch.setattr(sys, "stdin", Terminal(f"{word}\n"))
    options, stderr = init.Options(), io.StringIO()
    options.repo = str(tmp_path)
    shown = Terminal()
    init.main(options, Console(options, Secrets(), shown, stderr))
    assert "[[service]]" in shown.getvalue()
    assert f"Write this to {tmp_path}/erp-build.toml? [y/N]" in stderr.getvalue()
    assert (tmp_path / FILE).exists() is is_written


@pytest.mark.parametrize("files", [{}, {"Dockerfile": "FROM x\n"}, {"a/build.gradle": ""}])
def test_a_repository_without_a_service_gets_no_file(
    tmp_path: Path, erp_build: CommandLine, files: dict[str, str]
) -> None:
    shapes.write(tmp_path, {"README.md": "x\n", **files})
    answer = erp_build("init", "--repo", tmp_path, "--write")
    assert (answer.code, answer.out) == (2, "")
    assert "there is nothing here that erp_build can build" in answer.err
    assert f"looked at {1 + len(files)} files; 0 of them are a pom.xml" in answer.err
    assert ("Gradle without a Dockerfile" in answer.err) is ("a/build.gradle" in files)
    assert not (tmp_path / FILE).exists()


def test_the_second_sample_needs_no_guess(tmp_path: Path, erp_build: CommandLine) -> None:
    root = Path(shutil.copytree(ROOT / "examples" / "as-is", tmp_path / "r"))
    Checkout.create(root).commit()
    answer = erp_build("init", "--repo", root, "--write")
    assert answer.code == 0
    assert "a guess" not in answer.out
    project, default = load_project(root), default_project()
    assert set(project.services) == set(default.services)
    assert (project.functions, project.chart) == (default.functions, default.chart)
    assert erp_build("doctor", "--repo", root, "--only", "files").code == 0
