"""What `init` finds, by the files that there are; each of the tables has an input that is easy to get wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from erp_build.clients.git.sources.listing import listed_files
from erp_build.config.load import parse_project
from erp_build.setup.draft import Draft
from erp_build.setup.file_text import file_text
from erp_build.setup.make_draft import make_draft
from erp_build.setup.tree import Tree
from tests.support import shapes

Drafted = Callable[[dict[str, str]], Draft]


@pytest.fixture
def drafted(tmp_path: Path) -> Drafted:
    """What is found in a folder of these files."""

    def draft(files: dict[str, str]) -> Draft:
        shapes.write(tmp_path, files)
        return make_draft(Tree(tmp_path, listed_files(tmp_path)))

    return draft


@pytest.mark.parametrize(
    ("files", "said"),
    [
        pytest.param({"Dockerfile": "FROM x\n"}, "Dockerfile: a service at the root", id="Dockerfile at the root"),
        pytest.param(
            {"a/build.gradle.kts": "", "b/build.gradle": ""}, "a, b: Gradle without a Dockerfile", id="Gradle"
        ),
        pytest.param(
            {"pom.xml": shapes.pom("one"), "Dockerfile": shapes.RUNTIME},
            "Dockerfile: a service at the root",
            id="one at the root",
        ),
        pytest.param(
            {"pom.xml": shapes.pom("all", packaging="pom"), "docker/Dockerfile": "FROM x\n"},
            "docker/Dockerfile: pom.xml makes no jar",
            id="one Dockerfile for all",
        ),
        pytest.param({"a/pom.xml": shapes.pom("a")}, "a/pom.xml: a Spring Boot program without a Dockerfile", id="jib"),
        pytest.param(
            {"a/pom.xml": "<projekt", "a/Dockerfile": "FROM x\n"},
            "a/Dockerfile: a/pom.xml cannot be read",
            id="broken pom",
        ),
        pytest.param(
            {"a/pom.xml": shapes.pom("a", packaging="ear"), "a/Dockerfile": "FROM x\n"},
            "a/Dockerfile: a/pom.xml makes a ear",
            id="ear",
        ),
    ],
)
def test_what_cannot_be_built_is_said_with_the_reason(files: dict[str, str], said: str, drafted: Drafted) -> None:
    draft = drafted({"README.md": "x\n", **files})
    assert draft.targets == ()
    assert any(line.startswith(said) for line in draft.unsupported), draft.unsupported


ALONE = "FROM x\nCOPY . .\n"


@pytest.mark.parametrize(
    ("files", "path", "dockerfile", "why"),
    [
        pytest.param({"a/Dockerfile": ALONE}, "a", "Dockerfile", "Dockerfile makes its image", id="Dockerfile only"),
        pytest.param({"a/build.gradle.kts": "", "a/Dockerfile": ALONE}, "a", "Dockerfile", "with Gradle", id="Gradle"),
        pytest.param({"a/package.json": "{}", "a/Dockerfile": ALONE}, "a", "Dockerfile", "with Node", id="Node"),
        pytest.param(
            {"a/go.mod": "module a\n", "a/docker/Dockerfile": ALONE}, "a", "docker/Dockerfile", "with Go", id="Go"
        ),
        pytest.param(
            {"package.json": "{}", "a/requirements.txt": "x\n", "a/Dockerfile": ALONE},
            *("a", "Dockerfile", "with Python"),
            id="Python",
        ),
    ],
)
def test_a_service_without_maven_is_offered_with_its_dockerfile_alone(
    files: dict[str, str], path: str, dockerfile: str, why: str, drafted: Drafted
) -> None:
    draft = drafted({"README.md": "x\n", **files})
    (target,) = draft.targets
    assert (target.path, target.dockerfile, target.package.value) == (path, dockerfile, "none")
    assert (target.context.value, target.notes) == ("", ())
    assert why in target.why
    (service,) = parse_project(file_text(draft)).services
    assert service.package == "none"


def test_a_dockerfile_that_copies_from_the_root_gets_the_root_as_its_context(drafted: Drafted) -> None:
    dockerfile = "FROM node:22\nCOPY package.json apps/web ./\n"
    draft = drafted({"package.json": "{}", "apps/web/package.json": "{}", "apps/web/Dockerfile": dockerfile})
    (target,) = draft.targets
    assert (target.package.value, target.context.value, target.notes) == ("none", ".", ())
    assert parse_project(file_text(draft)).services[0].context == "."


@pytest.mark.parametrize("jar", ["target/a.jar", "build/libs/a.jar"])
def test_a_jar_that_nobody_makes_is_said(drafted: Drafted, jar: str) -> None:
    draft = drafted({"a/build.gradle": "", "a/Dockerfile": f"FROM x\nCOPY {jar} a.jar\n"})
    (target,) = draft.targets
    assert target.notes == (f"Dockerfile:2: COPY {jar}: no such file in the build context, which is a",)


@pytest.mark.parametrize(
    ("values", "key", "note"),
    [
        pytest.param("orders:\n  image:\n    tag: x\n", "orders", "", id="by its name"),
        pytest.param("a:\n  image:\n    repository: x/shop-orders\n    tag: x\n", "a", "", id="by its repository"),
        pytest.param("ordersService:\n  imageTag: x\n", "ordersService.imageTag", "", id="a flat tag"),
        pytest.param("image:\n  repository: x/orders\n  tag: x\n", "image.tag", "", id="at the top"),
        pytest.param("app:\n  image:\n    tag: x\n", "app", "", id="the only image of the only service"),
        pytest.param("orders:\n  image: x/orders:1\n", "services.orders", "a whole reference", id="a whole reference"),
        pytest.param("orders: &a\n  image:\n    tag: x\n", "orders", "", id="with an anchor"),
        pytest.param("replicas: 2\n", "services.orders", "names no image of it", id="no image"),
        pytest.param("a: [\n", "services.orders", "names no image of it", id="no YAML"),
    ],
)
def test_the_key_of_a_service_is_one_that_a_run_can_set_or_it_is_said(
    drafted: Drafted, values: str, key: str, note: str
) -> None:
    draft = drafted(shapes.services("orders") | shapes.chart("chart", values))
    (target,) = draft.targets
    assert target.values_key.value == key
    assert [note in line for line in target.notes] == [True] * bool(note)


@pytest.mark.parametrize(
    ("dockerfile", "note"),
    [
        ("FROM maven:3 AS b\nCOPY . .\nRUN ./mvnw package\nFROM x\nCOPY target/*.jar /a\n", "calls Maven itself"),
        ("FROM x\nCOPY other/target/a.jar a.jar\n", "Dockerfile:2: COPY other/target/a.jar: no such file"),
        ("FROM x\nCOPY ./target/a.jar a.jar\nCOPY target a\n", ""),
    ],
)
def test_a_dockerfile_that_will_not_do_is_said(drafted: Drafted, dockerfile: str, note: str) -> None:
    chart = shapes.chart("chart", shapes.images({"orders": "orders"}))
    draft = drafted(shapes.services("orders") | {"orders/Dockerfile": dockerfile} | chart)
    (target,) = draft.targets
    assert [note in line for line in target.notes] == [True] * bool(note)


def test_a_dockerfile_that_calls_maven_and_takes_no_jar_does_it_all(drafted: Drafted) -> None:
    dockerfile = "FROM maven:3 AS b\nCOPY . .\nRUN ./mvnw package\nFROM x\nCOPY --from=b /a /a\n"
    (target,) = drafted(shapes.services("orders") | {"orders/Dockerfile": dockerfile}).targets
    assert target.package.value == "none"
    assert [note for note in target.notes if "Maven" in note] == []


def test_a_jar_below_the_root_is_that_of_maven_in_a_wider_context(drafted: Drafted) -> None:
    dockerfile = "FROM x\nCOPY orders/target/a.jar a.jar\n"
    (target,) = drafted(shapes.services("orders") | {"orders/Dockerfile": dockerfile}).targets
    assert (target.package.value, target.context.value) == ("", ".")


@pytest.mark.parametrize("enabled", [True, False])
def test_a_folder_with_a_dockerfile_for_each_is_both_where_its_image_is_deployed(
    drafted: Drafted, *, enabled: bool
) -> None:
    values = f"orders:\n  enabled: {str(enabled).lower()}\n  image:\n    tag: x\n"
    draft = drafted(
        shapes.services("orders") | {"orders/Dockerfile.lambda": shapes.LAMBDA} | shapes.chart("chart", values)
    )
    wanted = [("orders", "eks"), ("orders-lambda", "lambda")] if enabled else [("orders", "lambda")]
    assert [(target.name, target.kind) for target in draft.targets] == wanted
    assert "no file names its function in Lambda: correct `function`" in draft.targets[-1].notes


@pytest.mark.parametrize(
    "name", ["Orders Service", '주문 "서비스"', "a'b", "x.y", "back\\slash", "ÄÖ", "-odd", "tab\there"]
)
def test_any_name_of_a_folder_gives_a_file_that_loads_or_is_said(name: str, drafted: Drafted) -> None:
    draft = drafted(shapes.services(f"apps/{name}", "apps/orders"))
    project = parse_project(file_text(draft))
    paths = [service.path for service in project.services]
    assert paths == [target.path for target in draft.targets]
    assert f"apps/{name}" in paths or draft.unsupported[0] == f"apps/{name}: erp_build cannot name this folder"


@pytest.mark.parametrize(
    ("line", "release", "namespace"),
    [
        ("helm upgrade --install shop charts/shop -n web", "shop", "web"),
        ("helm upgrade shop ./charts/shop --install --namespace=web --set a.b=c", "shop", "web"),
        ("helm install shop charts/shop \\\n  --namespace web", "shop", "web"),
        ("helm upgrade --install $RELEASE charts/shop -n $NAMESPACE", "chart-name", "in-values"),
        ("helm upgrade --install shop bitnami/redis -n web", "chart-name", "in-values"),
        ("helm upgrade --install 'shop charts/shop", "chart-name", "in-values"),
        ("helm template shop charts/shop -n web", "chart-name", "in-values"),
    ],
)
def test_the_release_is_the_one_that_a_script_installs_or_that_of_the_chart(
    line: str, release: str, namespace: str, drafted: Drafted
) -> None:
    chart = shapes.chart("charts/shop", "namespace: in-values\norders:\n  image:\n    tag: x\n", "chart-name")
    draft = drafted({**shapes.services("orders"), **chart, "deploy.sh": f"#!/bin/sh\n{line}\n"})
    (found,) = draft.charts
    assert (found.release.value, found.namespace.value) == (release, namespace)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("deploy.sh", "aws lambda update-function-code --function-name x-orders --image-uri a\n"),
        ("buildspec.yml", 'commands:\n  - aws lambda update-function-code --function-name="x-orders"\n'),
        ("template.yaml", "Properties:\n  FunctionName: x-orders\n  PackageType: Image\n"),
        ("infra/main.tf", 'function_name = "x-orders"\n'),
    ],
)
def test_the_function_is_the_one_that_a_file_names(path: str, text: str, drafted: Drafted) -> None:
    files = {"orders/pom.xml": shapes.pom("orders"), "orders/Dockerfile": shapes.LAMBDA, path: text}
    (target,) = drafted(files).targets
    assert (target.kind, target.function.value) == ("lambda", "x-orders")
    assert target.function.where.startswith(path)


@pytest.mark.parametrize("text", ["--function-name $NAME\n", 'function_name = "${var.prefix}-orders"\n', "x-orders\n"])
def test_a_function_behind_a_variable_is_a_guess(text: str, drafted: Drafted) -> None:
    files = {"orders/pom.xml": shapes.pom("orders"), "orders/Dockerfile": shapes.LAMBDA, "deploy.sh": text}
    (target,) = drafted(files).targets
    assert target.function == ("orders", "")
    assert target.notes == ("no file names its function in Lambda: correct `function`",)


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (("values.yaml", "values-dev.yaml", "values-prod.yaml"), "values-dev.yaml"),
        (("values.yaml", "values-prod.yaml"), "values-prod.yaml"),
        (("values.yaml",), "values.yaml"),
        (("values/prod.yaml", "values/dev.yaml"), "values/dev.yaml"),
    ],
)
def test_of_several_values_files_that_of_the_nearest_environment_is_taken(
    names: tuple[str, ...], taken: str, drafted: Drafted
) -> None:
    files = {
        name: text
        for file in names
        for name, text in shapes.chart("chart", shapes.images({"orders": "orders"}), file=file).items()
    }
    draft = drafted({**shapes.services("orders"), **files})
    (chart,) = draft.charts
    assert chart.values.value == taken
    assert all(name in chart.values.where for name in names if name != taken)


@pytest.mark.parametrize(
    ("parent", "inputs"),
    [
        ("<parent><artifactId>all</artifactId></parent>", ["pom.xml"]),
        ("<parent><artifactId>all</artifactId><relativePath>..</relativePath></parent>", ["pom.xml"]),
        ("<parent><artifactId>all</artifactId><relativePath>../pom.xml</relativePath></parent>", ["pom.xml"]),
        ("<parent><artifactId>all</artifactId><relativePath/></parent>", []),
        ("<parent><artifactId>spring-boot-starter-parent</artifactId></parent>", []),
        ("<parent><artifactId>base</artifactId><relativePath>../parents/base</relativePath></parent>",
         ["parents/base/pom.xml", "pom.xml"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_maven", [True, False])
def test_the_parents_in_the_repository_are_inputs_of_what_maven_does_not_build(
    parent: str, inputs: list[str], drafted: Drafted, *, is_maven: bool
) -> None:
    above = "<parent><artifactId>all</artifactId><relativePath>../../pom.xml</relativePath></parent>"
    base = {"parents/base/pom.xml": shapes.pom("base", above, "pom"), "pom.xml": shapes.pom("all", "", "pom")}
    alone = {} if is_maven else {"orders/Dockerfile": "FROM maven:3\nCOPY . .\nRUN mvn package\n"}
    (target,) = drafted({**base, **shapes.service("orders", body=parent), **alone}).targets
    assert [found.value for found in target.inputs] == ([] if is_maven else inputs)


@pytest.mark.parametrize(
    ("body", "inputs"),
    [
        ("<build><resources><resource><directory>../conf</directory></resource></resources></build>", ["conf/**"]),
        ("<properties><f>${project.basedir}/../conf/a.yml</f></properties>", ["conf/a.yml"]),
        ("<modules><module>../conf</module></modules>", []),
    ],
)
def test_what_a_pom_names_in_another_way_is_an_input(body: str, inputs: list[str], drafted: Drafted) -> None:
    (target,) = drafted({**shapes.service("orders", body=body), "conf/a.yml": "a: 1\n"}).targets
    assert [found.value for found in target.inputs] == inputs


def test_a_hostile_file_costs_nothing_and_shows_nothing(drafted: Drafted, tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 30))
    bomb = f'<!DOCTYPE p [<!ENTITY a0 "x">{entities}]><project><artifactId>&a29;</artifactId></project>'
    (tmp_path / "out").symlink_to("/etc")
    files = {"a/pom.xml": bomb, "a/Dockerfile": "FROM x\n", "deploy.sh": "helm upgrade " * 20_000 + "\n"}
    draft = drafted({**files, "b/Chart.yaml": "name: " + "b" * 100_000, "b/values.yaml": "a: " * 10_000})
    assert draft.unsupported[0] == "a/Dockerfile: a/pom.xml cannot be read as a pom"
