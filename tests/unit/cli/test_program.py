"""The program around a command: its exit code, and what becomes of its objects."""

import subprocess
import sys
from pathlib import Path

import pytest

import erp_build

ASK = """
import atexit, gc
from erp_build.__main__ import program
atexit.register(lambda: print(gc.get_freeze_count() > 1000))
raise SystemExit(program(lambda: {}))
"""


@pytest.mark.parametrize(("command", "code"), [("7", 7), ("0", 0), ("1 / 0", 1)])
def test_a_command_ends_with_its_code_and_leaves_its_objects_to_the_system(command: str, code: int) -> None:
    done = subprocess.run([sys.executable, "-c", ASK.format(command)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, "True\n")


def test_the_collector_is_set_before_the_imports() -> None:
    code = "import sys, erp_build.__main__; print('typing' in sys.modules, 'erp_build.cli.app' in sys.modules)"
    # Without site (-S) nothing else has imported anything; its path to the program goes with it.
    env = {"PYTHONPATH": str(Path(erp_build.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-S", "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
