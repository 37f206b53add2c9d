"""What has a circle of imports in it is loaded before threads ask: two that load it at once get a half of it."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["erp_build.wiring", "erp_build.build.composition"])
def test_requests_is_loaded_with_the_clients(module: str) -> None:
    words = [sys.executable, "-c", f"import sys, {module}; print('requests.sessions' in sys.modules)"]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == "True\n"
