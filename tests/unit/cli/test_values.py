"""`values set`: the edit alone."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import CommandLine

SAMPLE = Path(__file__).parents[3] / "examples" / "erp" / "helm-chart" / "values-dev.yaml"


@pytest.fixture
def values(tmp_path: Path) -> Path:
    return Path(shutil.copy(SAMPLE, tmp_path / "values-dev.yaml"))


@pytest.mark.parametrize("key", ["services.notification", "services.notification.image.tag"])
def test_one_tag_is_set_and_nothing_else(values: Path, key: str, erp_build: CommandLine) -> None:
    before = values.read_bytes()
    answer = erp_build("values", "set", values, key, "0123456")
    assert answer.code == 0
    assert f"{key} is now 0123456" in answer.err
    start = before.index(b"  notification:")
    assert values.read_bytes() == before[:start] + before[start:].replace(b'"latest"', b'"0123456"', 1)


def test_the_same_tag_again_leaves_the_file_alone(values: Path, erp_build: CommandLine) -> None:
    erp_build("values", "set", values, "services.notification", "0123456")
    inode = values.stat().st_ino
    answer = erp_build("values", "set", values, "services.notification", "0123456")
    assert answer.code == 0
    assert "unchanged" in answer.err
    assert values.stat().st_ino == inode


def test_quiet_says_nothing(values: Path, erp_build: CommandLine) -> None:
    answer = erp_build("values", "set", values, "services.notification", "0123456", "-q")
    assert (answer.code, answer.out, answer.err) == (0, "", "")


@pytest.mark.parametrize(
    ("key", "tag", "why"),
    [
        pytest.param("services.missing", "0123456", "there is no services.missing", id="no such service"),
        pytest.param("services.notification", "a b", "is not an image tag", id="no tag"),
        pytest.param("replicaCount.x", "0123456", "there is no replicaCount.x", id="below a scalar"),
    ],
)
def test_a_refused_edit_leaves_the_file_alone(
    values: Path, key: str, tag: str, why: str, erp_build: CommandLine
) -> None:
    answer = erp_build("values", "set", values, key, tag)
    assert answer.code == 2
    assert why in answer.err
    assert values.read_bytes() == SAMPLE.read_bytes()


def test_a_file_that_is_not_there_is_a_mistake_of_the_caller(tmp_path: Path, erp_build: CommandLine) -> None:
    answer = erp_build("values", "set", tmp_path / "none.yaml", "services.notification", "0123456")
    assert answer.code == 2
    assert "none.yaml" in answer.err


def test_any_other_word_than_set_is_a_mistake_of_the_caller(values: Path, erp_build: CommandLine) -> None:
    assert erp_build("values", "get", values, "services.notification", "0123456").code == 2


def test_edits_at_once_are_all_there(tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    services = [f"s{number}" for number in range(8)]
    file.write_text("".join(f"{name}: {{image: {{tag: latest}}}}\n" for name in services), encoding="utf-8")
    command = [sys.executable, "-m", "erp_build", "values", "set", str(file)]
    running = [subprocess.Popen([*command, name, f"tag-{name}"]) for name in services]
    assert [one.wait() for one in running] == [0] * 8
    assert file.read_text(encoding="utf-8") == "".join(
        f'{name}: {{image: {{tag: "tag-{name}"}}}}\n' for name in services
    )


def test_a_read_only_file_is_refused_with_what_to_do(values: Path, erp_build: CommandLine) -> None:
    values.chmod(0o444)
    answer = erp_build("values", "set", values, "services.notification", "0123456")
    assert answer.code == 2
    assert "the file is read-only" in answer.err
    assert "chmod u+w values-dev.yaml" in answer.err
    assert values.read_bytes() == SAMPLE.read_bytes()


def test_a_whole_reference_of_an_image_is_not_overwritten_by_a_tag(tmp_path: Path, erp_build: CommandLine) -> None:
    file = tmp_path / "values.yaml"
    file.write_text("services:\n  x:\n    image: erp/x:1.2\n", encoding="utf-8")
    answer = erp_build("values", "set", file, "services.x.image", "0123456")
    assert answer.code == 2
    assert "the tag is only a part" in answer.err
    assert file.read_text(encoding="utf-8") == "services:\n  x:\n    image: erp/x:1.2\n"
