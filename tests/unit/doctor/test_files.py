"""`doctor --only files`: one line for each target, what was looked at, and a near name for what is missing."""

from pathlib import Path

import pytest

from tests.support import shapes
from tests.support.cli import CommandLine
from tests.support.git import Checkout

CHART = shapes.chart("chart", shapes.images({"orders": "orders", "users": "users"}))
FILES = {**shapes.services("apps/orders", "apps/users"), **CHART}
FILE = """\
[[service]]
path = "apps/orders"
values_key = "orders"
[[service]]
path = "apps/users"
values_key = "users"
[chart]
path = "chart"
values = "values.yaml"
"""


def found(root: Path, erp_build: CommandLine, files: dict[str, str], text: str = FILE) -> tuple[int, str]:
    """The exit code and the text of the check."""
    Checkout.create(root).git("config", "user.name", "x")
    shapes.write(root, {**files, "erp-build.toml": text})
    answer = erp_build("doctor", "--repo", root, "--only", "files")
    assert answer.err == ""
    return answer.code, answer.out


def test_each_target_has_a_line_with_what_was_looked_at(tmp_path: Path, erp_build: CommandLine) -> None:
    code, text = found(tmp_path, erp_build, FILES)
    assert code == 0
    dockerfile, values = "Dockerfile (from eclipse-temurin:17-jre-alpine)", "chart/values.yaml"
    own = "repository"
    assert [line.strip() for line in text.splitlines()] == [
        "repository",
        f"ok       files  orders: apps/orders, pom.xml (apps-orders), {dockerfile}, orders of {values}, {own} orders",
        f"users: apps/users, pom.xml (apps-users), {dockerfile}, users of {values}, {own} users",
        "helm-chart: chart/Chart.yaml, chart/values.yaml",
        "looked at: the files of 3 targets, as erp-build.toml names them",
        "1 checks: 1 ok, 0 warnings, 0 problems, 0 unknown",
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(('"apps/orders"', '"apps/order"'), "did you mean `apps/orders`? ", id="a folder"),
        pytest.param(('"apps/orders"', '"app/orders"'), "did you mean `apps`?", id="a folder above"),
        pytest.param(('"apps/orders"', '"apps/orders/pom.xml"'), "apps/orders/pom.xml is not a directory", id="a file"),
        pytest.param(('"apps/orders"', '"apps"'), "there is no apps/pom.xml", id="no pom"),
        pytest.param(('"apps/orders"\n', '"apps/orders"\ndockerfile = "Dockerfil"\n'),
                     "did you mean `apps/orders/Dockerfile`?", id="a Dockerfile"),
        pytest.param(('values_key = "orders"', 'values_key = "oders"'), "did you mean `orders`?", id="a values key"),
        pytest.param(('"values.yaml"', '"value.yaml"'), "did you mean `chart/values.yaml`?", id="a values file"),
        pytest.param(('"chart"', '"charts"'), "did you mean `chart`?", id="a chart"),
        pytest.param(('"apps/orders"\n', '"apps/orders"\nname = "Orders"\n'),
                     "repository Orders cannot be one of ECR", id="a repository"),
    ],
)  # fmt: skip
def test_a_name_that_leads_nowhere_is_a_problem_with_the_near_one(
    tmp_path: Path, erp_build: CommandLine, change: tuple[str, str], says: str
) -> None:
    code, text = found(tmp_path, erp_build, FILES, FILE.replace(*change, 1))
    assert code == 2
    assert says.strip() in text
    assert text.count("next: ") == 1


@pytest.mark.parametrize(
    ("path", "content", "says"),
    [
        ("apps/orders/pom.xml", "<project", "apps/orders/pom.xml cannot be read as a pom"),
        ("apps/orders/pom.xml", shapes.pom("all", packaging="pom"), "apps/orders/pom.xml makes no jar (packaging pom)"),
        ("apps/orders/Dockerfile", "", "apps/orders/Dockerfile has no FROM"),
        ("apps/orders/Dockerfile", "FROM x\nCOPY conf/a.yml /a.yml\n", "Dockerfile:2: COPY conf/a.yml: no such file"),
        (
            "apps/orders/Dockerfile",
            "FROM x\nENV DB_PASSWORD=hunter2-hunter2\n",
            "Dockerfile:2: a secret: ENV DB_PASSWORD",
        ),
        ("apps/orders/.dockerignore", "src\n[a\n", "Docker cannot read the .dockerignore"),
        ("chart/values.yaml", "a: [\n", "the values file cannot be read"),
        (
            "chart/values.yaml",
            "orders:\n  image: x/orders:1\nusers:\n  image:\n    tag: x\n",
            "there is no orders.image.tag",
        ),
    ],
)
def test_a_file_that_a_run_would_stop_at_is_a_problem(
    tmp_path: Path, erp_build: CommandLine, path: str, content: str, says: str
) -> None:
    code, text = found(tmp_path, erp_build, {**FILES, path: content})
    assert code == 2
    assert says in text
    assert "hunter2" not in text


def test_what_maven_makes_need_not_be_there_yet(tmp_path: Path, erp_build: CommandLine) -> None:
    dockerfile = "FROM x\nCOPY target/*.jar a.jar\nCOPY ./target/lib /lib\nCOPY src /src\n"
    code, text = found(tmp_path, erp_build, {**FILES, "apps/orders/Dockerfile": dockerfile})
    assert (code, "problem  " in text) == (0, False)


def test_a_link_that_leads_out_of_the_repository_is_a_problem(tmp_path: Path, erp_build: CommandLine) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "out").symlink_to("/etc")
    code, text = found(tmp_path / "r", erp_build, FILES, FILE.replace('"apps/orders"', '"out"'))
    assert code == 2
    assert "out leads out of the repository" in text


def test_a_dockerfile_that_is_not_utf_8_is_a_problem_with_its_line(tmp_path: Path, erp_build: CommandLine) -> None:
    path = tmp_path / "apps/orders/Dockerfile"
    path.parent.mkdir(parents=True)
    path.write_bytes("FROM x\n# 한글\n".encode("cp949"))
    files = {name: text for name, text in FILES.items() if name != "apps/orders/Dockerfile"}
    code, text = found(tmp_path, erp_build, files)
    assert code == 2
    assert "apps/orders/Dockerfile:2: the Dockerfile is not UTF-8" in text


ALONE = """\
[[service]]
path = "apps/orders"
values_key = "orders"
package = "none"
{}
[chart]
path = "chart"
values = "values.yaml"
"""
DOCKERFILE = "apps/orders/Dockerfile"


@pytest.mark.parametrize(
    ("lines", "dockerfile", "code", "said"),
    [
        pytest.param("", "FROM node:22\nCOPY . .\n", 0, "package none, Dockerfile (from node:22)", id="its Dockerfile"),
        pytest.param("", "FROM x\nCOPY target/a.jar .\n", 2, "COPY target/a.jar: no such file", id="nobody makes it"),
        pytest.param('context = "."', "FROM x\nCOPY apps/orders/src .\n", 0, "package none", id="from the root"),
        pytest.param('context = "."', "FROM x\nCOPY src .\n", 2, "its sources lie below the root", id="not there"),
        pytest.param('context = "app"', "FROM x\n", 2, "did you mean `apps`?", id="no context"),
        pytest.param('docker_target = "wbe"', "FROM x AS web\n", 2, "did you mean `web`?", id="no stage"),
        pytest.param('docker_target = "web"', "FROM x AS web\nFROM y\nCOPY z .\n", 0, "(from x)", id="a stage"),
        pytest.param('args = { TAG = "2" }', "ARG TAG\nFROM x:${TAG}\n", 0, "(from x:2)", id="an argument"),
        pytest.param('dockerfile = "../web.Dockerfile"', "", 2, "there is no apps/web.Dockerfile", id="elsewhere"),
    ],
)
def test_a_service_without_maven_is_looked_at_as_its_builder_will(
    tmp_path: Path, erp_build: CommandLine, lines: str, dockerfile: str, code: int, said: str
) -> None:
    files = {path: text for path, text in FILES.items() if not path.endswith("pom.xml")}
    answer = found(tmp_path, erp_build, {**files, DOCKERFILE: dockerfile}, ALONE.format(lines))
    assert said in answer[1]
    assert answer[0] == code


def test_without_a_pom_it_is_said_how_to_do_without_maven(tmp_path: Path, erp_build: CommandLine) -> None:
    files = {path: text for path, text in FILES.items() if path != "apps/orders/pom.xml"}
    code, text = found(tmp_path, erp_build, files)
    assert code == 2
    assert 'write package = "none"' in text


def test_what_a_run_is_told_to_let_pass_is_no_problem(tmp_path: Path, erp_build: CommandLine) -> None:
    dockerfile = "FROM x\nENV TOKEN_SALT_SECRET=hunter2-hunter2\nCOPY nowhere /x\n"
    allowed = """
[[build.allow]]
finding = "secret"
name = "TOKEN_SALT_SECRET"
reason = "every client has it"
[[build.allow]]
finding = "source"
name = "nowhere"
reason = "made by another tool"
services = ["orders"]
"""
    files = {**FILES, "apps/orders/Dockerfile": dockerfile}
    code, text = found(tmp_path, erp_build, files, FILE + allowed)
    assert (code, "problem  " in text) == (0, False)


ROW = '[[build.allow]]\nfinding = "{}"\nname = "{}"\nreason = "an invented one"\n'


@pytest.mark.parametrize(
    ("finding", "name", "said"),
    [
        pytest.param("secret", "OLD_SECRET", "no Dockerfile of any target has the secret OLD_SECRET", id="a secret"),
        pytest.param("source", "gone", "no Dockerfile of any target has the source gone", id="a source"),
        pytest.param("buildkit", "RUN --mount", "has the buildkit RUN --mount", id="a need"),
        pytest.param("secret", "TOKEN_SLAT_SECRET", "did you mean `TOKEN_SALT_SECRET`?", id="a slip"),
        pytest.param("source", "TOKEN_SALT_SECRET", "has the source TOKEN_SALT_SECRET", id="another finding"),
        pytest.param("secret", "TOKEN_SALT_SECRET", "", id="a secret that is there"),
        pytest.param("buildkit", "COPY --link", "", id="a need that is there"),
        # A tool may have made it on this machine, and not on that of the run.
        pytest.param("source", "made", "", id="a source that exists"),
    ],
)
def test_a_row_that_lets_nothing_pass_is_told(
    tmp_path: Path, erp_build: CommandLine, finding: str, name: str, said: str
) -> None:
    dockerfile = "FROM x\nARG TOKEN_SALT_SECRET=hunter2-hunter2\nCOPY --link made /x\n"
    files = {**FILES, DOCKERFILE: dockerfile, "apps/orders/made": "x"}
    meant = ROW.format("secret", "TOKEN_SALT_SECRET") if name != "TOKEN_SALT_SECRET" or finding == "source" else ""
    code, text = found(tmp_path, erp_build, files, f"{FILE}{meant}{ROW.format(finding, name)}")
    assert code == 0
    assert said in " ".join(text.split())
    assert ("[[build.allow]]: " in text) == bool(said)


def test_nothing_is_said_of_a_row_for_a_dockerfile_that_nobody_can_read(tmp_path: Path, erp_build: CommandLine) -> None:
    files = {path: text for path, text in FILES.items() if path != DOCKERFILE}
    code, text = found(tmp_path, erp_build, files, FILE + ROW.format("secret", "OLD_SECRET"))
    assert (code, "OLD_SECRET" in text) == (2, False)


def test_a_file_that_is_excluded_is_told_with_its_line(tmp_path: Path, erp_build: CommandLine) -> None:
    files = {**FILES, "apps/orders/.dockerignore": "# all\nsrc\n", "apps/orders/Dockerfile": "FROM x\nCOPY src /src\n"}
    code, text = found(tmp_path, erp_build, {**files, "apps/orders/src/A.java": "x"})
    assert code == 2
    assert "COPY src: it exists, but .dockerignore line 2 excludes it" in " ".join(text.split())
