"""Values of several files: of charts below the chart, of the chart, of each file in `values`."""

from pathlib import Path

import pytest

from erp_build.config.load import parse_project
from erp_build.deployment.chart_values import all_named_values, effective_values
from erp_build.deployment.pinning import names_image
from erp_build.deployment.preflight import check_plan
from erp_build.errors import ConfigurationError
from erp_build.formats.values.key import look_up
from erp_build.model.project import Chart
from tests.fakes.registry import HOST
from tests.fakes.world import FakeWorld
from tests.support.samples import HEAD, NOTIFICATION, plan_of

CHART = Chart(path="chart", values="values-dev.yaml", below=("base.yaml",))
FILES = {
    "chart/Chart.yaml": "name: c\ndependencies:\n- {name: sub, alias: notification}\n- name: sub\n",
    "chart/values.yaml": "a: {image: {repository: default/a, tag: default}}\nb: 1\n",
    "chart/base.yaml": "a: {image: {tag: base}}\nb: 2\npassword: invented-base\n",
    "chart/charts/sub/Chart.yaml": "name: sub\n",
    "chart/charts/sub/values.yaml": "image: {repository: sub/a, tag: sub}\n",
}


def laid_out(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_each_file_overrides_those_before_it(tmp_path: Path) -> None:
    values = effective_values(laid_out(tmp_path, FILES), CHART, b"c: 3\n")
    assert values["a"] == {"image": {"repository": "default/a", "tag": "base"}}
    assert (values["b"], values["c"]) == ("2", "3")


@pytest.mark.parametrize("key", ["sub", "notification"])
def test_a_chart_below_the_chart_has_values_below_its_name_or_its_alias(tmp_path: Path, key: str) -> None:
    values = effective_values(laid_out(tmp_path, FILES), CHART, f"{key}: {{image: {{tag: new}}}}\n".encode())
    assert look_up(values, f"{key}.image") == {"repository": "sub/a", "tag": "new"}


def test_the_secrets_of_every_file_are_known(tmp_path: Path) -> None:
    root = laid_out(tmp_path, FILES)
    found = {name: value for _, name, value in all_named_values(root, CHART, b"token: invented-last\n")}
    assert (found["password"], found["token"], found["repository"]) == ("invented-base", "invented-last", "default/a")


def test_values_may_be_one_file_or_a_list() -> None:
    assert parse_project('[chart]\nvalues = "x.yaml"\n').chart == Chart(values="x.yaml")
    several = parse_project('[chart]\nvalues = ["values.yaml", "env/dev.yaml"]\n').chart
    assert several == Chart(values="env/dev.yaml", below=("values.yaml",))


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ("[]", "must name something"),
        ('["a.yaml", ""]', "must name something"),
        ('["a.yaml", "a.yaml"]', "names a file twice"),
        ('["../../x.yaml", "a.yaml"]', "cannot be"),
        ('["/etc/x.yaml", "a.yaml"]', "cannot be"),
        ("7", "must be a text"),
    ],
)
def test_a_list_of_files_that_cannot_be_is_refused_with_its_line(values: str, what: str) -> None:
    with pytest.raises(ConfigurationError, match=what) as caught:
        parse_project(f"[chart]\nvalues = {values}\n", "erp-build.toml")
    assert caught.value.where == "erp-build.toml:2"


def in_two_files(world: FakeWorld) -> str:
    """The images stand in the first file, and the last one knows nothing of them."""
    text = world.values.read_text(encoding="utf-8")
    (world.values.parent / "base.yaml").write_text(text, encoding="utf-8")
    world.values.write_text("replicaCount: 3\n", encoding="utf-8")
    world.project = world.project._replace(chart=world.project.chart._replace(below=("base.yaml",)))
    return text


def test_tags_are_added_to_the_last_file_where_only_an_earlier_one_has_them(new_world: FakeWorld) -> None:
    in_two_files(new_world)
    preview = check_plan(new_world.site(), plan_of({NOTIFICATION: "pom.xml"}, project=new_world.project))
    (tried,) = new_world.helm.checked
    assert tried.startswith("replicaCount: 3\nservices:\n")
    assert f'tag: "{HEAD[:7]}@sha256:' in tried
    assert "repository" not in tried
    assert preview.by_tag == ""


def test_a_run_deploys_the_values_of_all_files(world: FakeWorld) -> None:
    text = in_two_files(world)
    head = world.change(NOTIFICATION)
    world.run()
    assert world.cluster.running()[NOTIFICATION] == head[:7]
    assert (world.values.parent / "base.yaml").read_text(encoding="utf-8") == text


def test_an_image_in_one_text_is_refused_before_the_build(new_world: FakeWorld) -> None:
    text = f"replicaCount: 1\nservices:\n  notification: {{image: {HOST}/erp/notification-service:1}}\n"
    service = next(one for one in new_world.project.services if one.name == NOTIFICATION)
    new_world.project = new_world.project._replace(services=(service,))
    new_world.values.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is one text in the values file") as caught:
        check_plan(new_world.site(), plan_of({NOTIFICATION: "pom.xml"}, project=new_world.project))
    assert "image.repository" in caught.value.next_step


def test_a_key_that_is_misspelled_gets_the_near_one(new_world: FakeWorld) -> None:
    services = tuple(
        one._replace(values_key=one.values_key.replace("Request", "Requst")) for one in new_world.project.services
    )
    new_world.project = new_world.project._replace(services=services)
    with pytest.raises(ConfigurationError, match="no image in the values file") as caught:
        check_plan(new_world.site(), plan_of({NOTIFICATION: "pom.xml"}, project=new_world.project))
    assert "services.approvalRequest" in caught.value.next_step


@pytest.mark.parametrize(
    ("image", "found"),
    [
        ("r.example:5000/erp/a:1", 1),
        ("r.example:5000/erp/a:1@sha256:ab", 1),
        ("r.example:5000/erp/ab:1", 0),
        ("erp/a:1", 0),
    ],
)
def test_an_image_counts_by_its_whole_name(image: str, found: int) -> None:
    objects = [{"kind": "Rollout", "spec": {"template": {"containers": [{"image": image}]}}}]
    assert names_image(objects, "r.example:5000/erp/a") == bool(found)
