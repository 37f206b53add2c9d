"""Tags that YAML would read as something else survive the edit, both readers and both Helms, into the pod's image."""

import subprocess
from pathlib import Path

import pytest
import yaml

from erp_build.domain.values import set_tags
from sandbox.parts import binaries
from sandbox.sample import CHART, SOURCE

pytestmark = pytest.mark.world

KEYS = ("services.approvalRequest", "services.approvalProcessing", "services.notification")
TAGS = (
    *("1234567", "0123456", "12e3456", "1e10", "0x12345", "123_456", "0b101", "0o17", "0777777", "7e00000"),
    *("true", "null", "yes", "no", "on", "off", "2024-01-01", "1.0", "00e0000", "_", "1.5e3"),
)


@pytest.mark.parametrize("helm", [3, 4])
def test_every_tag_reaches_the_image_as_it_was_written(helm: int, tmp_path: Path) -> None:
    program = binaries.helm4() if helm == 4 else binaries.helm3()
    content = (SOURCE / CHART / "values-dev.yaml").read_bytes()
    values = tmp_path / "values.yaml"
    for three in [TAGS[place : place + 3] for place in range(0, len(TAGS), 3)]:
        values.write_bytes(set_tags(content, dict(zip(KEYS, three, strict=True)), where="values"))
        words = [str(program), "template", "erp", str(SOURCE / CHART), "--values", str(values)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        objects = [item for item in yaml.safe_load_all(done.stdout) if item and item["kind"] == "Deployment"]
        images = {item["spec"]["template"]["spec"]["containers"][0]["image"].rpartition(":")[2] for item in objects}
        assert images == set(three)
