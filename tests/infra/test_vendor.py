"""The wheel that is written into a user's repository: its version tells which source it was made of."""

import hashlib
import re
import zipfile
from pathlib import Path

import pytest

from scripts import vendor


@pytest.mark.slow
def test_the_wheel_names_its_source_and_the_lock_the_wheel_and_both_are_the_same_again(tmp_path: Path) -> None:
    lock = vendor.vendor(tmp_path)
    text = lock.read_text(encoding="utf-8")
    (wheel,) = (tmp_path / "ci").glob("*.whl")
    assert re.fullmatch(r"erp_build-[0-9.]+\+[0-9a-f]{8}-py3-none-any\.whl", wheel.name)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert text.endswith(f"./ci/{wheel.name} \\\n    --hash=sha256:{digest}\n")
    assert vendor.vendor(tmp_path).read_text(encoding="utf-8") == text
    assert list((tmp_path / "ci").glob("*.whl")) == [wheel]


@pytest.mark.slow
def test_the_wheel_has_every_file_of_the_source(tmp_path: Path) -> None:
    with zipfile.ZipFile(vendor.build_wheel(tmp_path)) as wheel:
        packed = {name for name in wheel.namelist() if name.startswith("erp_build/")}
    source = vendor.ROOT / "src"
    files = {path.relative_to(source).as_posix() for path in (source / "erp_build").rglob("*") if path.is_file()}
    assert packed == {name for name in files if "__pycache__" not in name}
    assert {"erp_build/report/html/sections/gate.html.j2", "erp_build/report/html/style.css"} <= packed
