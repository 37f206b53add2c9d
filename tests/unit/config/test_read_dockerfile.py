"""A Dockerfile as text: what is no text, and what is not there, is one error with its place."""

from pathlib import Path

import pytest

from erp_build.config.image_targets import read_dockerfile
from erp_build.errors import BuildFailed, ConfigurationError
from erp_build.model.project import Service

SERVICE = Service("a", "backend/a", "a", "services.a")
TEXT = "FROM eclipse-temurin:17\n# 한글\n"


def write(root: Path, content: bytes) -> None:
    (root / SERVICE.path).mkdir(parents=True)
    (root / SERVICE.path / "Dockerfile").write_bytes(content)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_no_part_of_it(tmp_path: Path, encoding: str) -> None:
    write(tmp_path, TEXT.encode(encoding))
    assert read_dockerfile(tmp_path, SERVICE) == TEXT


def test_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, TEXT.encode("cp949"))
    with pytest.raises(BuildFailed, match="the Dockerfile is not UTF-8") as caught:
        read_dockerfile(tmp_path, SERVICE)
    assert caught.value.code == 4
    assert caught.value.where == "backend/a/Dockerfile:2"
    assert "save the file as UTF-8" in caught.value.next_step


def test_one_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BuildFailed, match="there is no Dockerfile") as caught:
        read_dockerfile(tmp_path, SERVICE)
    assert caught.value.where == "backend/a/Dockerfile"


def test_a_link_that_leads_out_of_the_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(TEXT, encoding="utf-8")
    (tmp_path / "root" / SERVICE.path).mkdir(parents=True)
    (tmp_path / "root" / SERVICE.path / "Dockerfile").symlink_to(tmp_path / "Dockerfile")
    with pytest.raises(ConfigurationError, match="leads out of the repository"):
        read_dockerfile(tmp_path / "root", SERVICE)
