"""A Dockerfile with layers in place of the jar: every other line stays as it is."""

import pytest

from erp_build.errors import BuildFailed
from erp_build.formats.dockerfile.rewrite import jar_name, with_layers

JAR = "target/app-1.0.0.jar"
HEAD, TAIL = "FROM jre\nWORKDIR /app\n", 'USER 10001\nENTRYPOINT ["java", "-jar", "app.jar"]\n'


@pytest.mark.parametrize(
    ("copy", "into", "name"),
    [
        ("COPY target/*.jar app.jar", "./", "app.jar"),
        ("COPY target/app-1.0.0.jar /srv/erp.jar", "/srv/", "erp.jar"),
        ("COPY target/*.jar /app/", "/app/", "app-1.0.0.jar"),
        ('COPY ["target/*.jar", "app.jar"]', "./", "app.jar"),
        ("copy \\\n  target/*.jar \\\n  app.jar", "./", "app.jar"),
    ],
)
def test_the_layers_go_where_the_jar_went(copy: str, into: str, name: str) -> None:
    text = f"{HEAD}{copy}\n{TAIL}"
    assert with_layers(text, JAR, ("l/0", "l/1"), "Dockerfile") == f"{HEAD}COPY l/0/ {into}\nCOPY l/1/ {into}\n{TAIL}"
    assert jar_name(text, JAR, "Dockerfile") == name


def test_the_owner_of_the_jar_owns_the_layers() -> None:
    text = "FROM jre\nCOPY --chown=10001 target/*.jar app.jar\n"
    assert with_layers(text, JAR, ("l",), "Dockerfile") == "FROM jre\nCOPY --chown=10001 l/ ./\n"


@pytest.mark.parametrize(
    "copies",
    [
        "",
        "COPY . .\n",
        "COPY target/*.jar a.jar\nCOPY target/*.jar b.jar\n",
        "COPY --from=build target/*.jar app.jar\n",
    ],
)
def test_a_dockerfile_that_does_not_copy_the_jar_once_is_refused(copies: str) -> None:
    with pytest.raises(BuildFailed, match="cannot be built with layers") as caught:
        with_layers(f"FROM jre\n{copies}", JAR, ("l",), "a/Dockerfile")
    assert caught.value.where == "a/Dockerfile"
