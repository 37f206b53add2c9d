"""`[build.fan_out]`: off unless it is asked for, and strict about what it says."""

import pytest

from erp_build.cli.fast_path.compiled_project import ProjectIndex, compile_project
from erp_build.config.load import parse_project
from erp_build.errors import ConfigurationError
from erp_build.model.build_options import FanOut

SERVICES = '[[service]]\npath = "backend/a"\n'


def fan_out(lines: str) -> FanOut:
    return FanOut(*parse_project(f"{SERVICES}[build.fan_out]\n{lines}").build.fan_out)


def test_without_it_no_worker_is_begun() -> None:
    assert FanOut(*parse_project(SERVICES).build.fan_out) == FanOut(workers=0)


def test_every_key_is_read() -> None:
    text = 'workers = 8\nfrom = 20\nproject = "erp-workers"\nbuildspec = "ci/worker.yml"\ntimeout = "30m"\n'
    assert fan_out(text) == FanOut(8, 20, "erp-workers", "ci/worker.yml", 1800.0)


def test_it_is_kept_with_the_compiled_project() -> None:
    project = parse_project(f"{SERVICES}[build.fan_out]\nworkers = 3\n")
    assert ProjectIndex(compile_project(project)).project() == project


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("workers = -1", "`workers` must be a number"),
        ("workers = true", "`workers` must be a number"),
        ('from = "12"', "`from` must be a number"),
        ('project = "a/b"', "`project` cannot be `a/b`"),
        ('buildspec = "../worker.yml"', "`buildspec` must be a path"),
        ("timeout = 30", "`timeout` must be a text"),
        ("worker = 3", "unknown key `worker`"),
    ],
)
def test_a_wrong_value_names_its_line(line: str, what: str) -> None:
    with pytest.raises(ConfigurationError, match=what) as caught:
        fan_out(line)
    assert caught.value.where == "erp-build.toml:4"
