"""How often a whole run reads the values file: once as it lies there, and once as it is edited."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from erp_build.deployment.chart_values import all_named_values, effective_values
from erp_build.formats.values import tree
from erp_build.formats.values.file import set_tags
from tests.fakes.helm import values_text
from tests.support.counted_world import CountedWorld, project_of, sources_of
from tests.support.values_readings import MARK, counted_readings

VALUES = "helm-chart/values-dev.yaml"


@pytest.fixture
def read() -> Iterator[list[str]]:
    """The texts of the values file that were read since the test began."""
    with counted_readings() as found:
        yield found


@pytest.mark.parametrize("services", [4, 200])
def test_a_run_reads_the_file_and_what_it_makes_of_it_once(tmp_path: Path, read: list[str], services: int) -> None:
    world = CountedWorld.deployed(tmp_path / "repository", services, functions=0)
    assert len(read) == 2
    world.change_first(2)
    read.clear()
    tree.KEPT.forget()
    world.run()
    # The former run has left its edit: another file has no edit yet.
    assert len(read) <= 2
    assert world.values.read_text(encoding="utf-8").count("@sha256:") == services


@pytest.mark.slow
def test_two_thousand_services_are_read_no_more_often(tmp_path: Path, read: list[str]) -> None:
    project = project_of(2000)
    content = sources_of(project)[VALUES].encode()
    (tmp_path / "helm-chart").mkdir()
    (tmp_path / VALUES).write_bytes(content)
    assert len([*all_named_values(tmp_path, project.chart, content)]) > 4000
    assert len(effective_values(tmp_path, project.chart, content)["services"]) == 2001
    for tag in ("0abc123", "1abc123"):
        after = set_tags(content, {one.values_key: tag for one in project.services}, where=VALUES, create=True)
        assert after == content.replace(b'tag: "latest"', b'tag: "%s"' % tag.encode())
    assert len(read) == 2


def test_the_sample_is_the_file_that_is_counted() -> None:
    assert MARK in values_text({"one": "erp/one"})
