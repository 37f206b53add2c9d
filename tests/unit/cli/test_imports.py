"""What needs no SDK loads none: `--help` in a blink, a plan on a laptop without the cloud."""

import ast
import os
import pydoc
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import erp_build
from tests.support.git import Checkout

HEAVY = {"boto3", "botocore", "docker", "kubernetes", "git", "jinja2", "ruamel", "requests", "urllib3", "tenacity"}


def imported(*words: str) -> set[str]:
    """The top-level modules that a call imports, as `-X importtime` lists them on stderr."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "erp_build", *words],
        env=dict(os.environ),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def test_the_list_of_imports_is_read_right() -> None:
    assert {"erp_build", "argparse"} <= imported("plan", "--help")


@pytest.mark.parametrize(
    "words", [("--help",), ("plan", "--help"), ("gate", "--help"), ("values", "--help"), ("doctor", "--help")]
)
def test_help_loads_no_sdk(words: tuple[str, ...]) -> None:
    assert not imported(*words) & HEAVY


def test_the_templates_of_the_page_are_loaded_when_one_is_made() -> None:
    modules = imported("run", "--help")
    assert "boto3" in modules, "the verb and its reports are loaded"
    assert not modules & {"jinja2", "markupsafe"}


def test_an_offline_plan_loads_no_sdk(erp: Checkout) -> None:
    erp.commit({"backend/notification-service/new": "x"})
    modules = imported("plan", "--repo", str(erp.root), "--base", "HEAD~1", "--json")
    assert "erp_build" in modules
    assert not modules & HEAVY


@pytest.mark.parametrize(
    ("form", "may_load"), [((), set[str]()), (("--json",), {"json"}), (("--markdown",), set[str]())], ids=str
)
@pytest.mark.parametrize("base", ["a full commit", "a name"])
def test_a_plan_loads_what_it_prints_with_and_nothing_else(
    erp: Checkout, form: tuple[str, ...], may_load: set[str], base: str
) -> None:
    commit = erp.commit({"erp-build.toml": '[[service]]\npath = "backend/notification-service"\n'})
    head = erp.commit({"backend/notification-service/new": "x"})
    asked = ("--base", "HEAD~1", "--head", "main") if base == "a name" else ("--base", commit, "--head", head)
    words = ("plan", "--repo", str(erp.root), *asked, *form)
    imported(*words)  # keeps the compiled project
    assert imported(*words) & {"argparse", "json", "pathlib", "dataclasses", "subprocess", "threading"} == may_load


def test_no_annotation_of_a_named_tuple_is_compiled_when_a_plan_starts(erp: Checkout) -> None:
    """The first one that stands in quotes takes two milliseconds."""
    code = (
        "import sys, typing; from erp_build.cli.app import main; main(['plan', '--json', '--base', 'HEAD']); "
        "kinds = [kind for name, module in list(sys.modules.items()) if name.startswith('erp_build') "
        "for kind in vars(module).values() if hasattr(kind, '_fields')]; "
        "print(len(kinds) > 10, [(kind, name) for kind in kinds for name, note in kind.__annotations__.items() "
        "if isinstance(note, typing.ForwardRef)])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=erp.root, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines()[-1] == "True []"


def test_the_library_loads_nothing_until_it_is_used() -> None:
    code = "import sys, erp_build; print([name for name in sys.modules if name.startswith('erp_build')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "['erp_build']\n"


def test_every_public_name_can_be_had() -> None:
    for name in (*erp_build.__all__, "__version__"):
        assert getattr(erp_build, name)
    with pytest.raises(AttributeError, match="no attribute 'frobnicate'"):
        _ = erp_build.frobnicate


def test_type_checkers_read_the_names_that_can_be_had() -> None:
    tree = ast.parse(Path(erp_build.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    told = {f"erp_build.{home}": set(names) for home, names in erp_build.HOMES.items()}
    assert {node.module: {each.name for each in imports_of(imports, node.module)} for node in imports} == told
    assert all(each.asname == each.name for node in imports for each in node.names), "only so is it exported"


def imports_of(imports: list[ast.ImportFrom], module: str | None) -> list[ast.alias]:
    return [each for node in imports if node.module == module for each in node.names]


def test_help_and_dir_show_the_public_names() -> None:
    assert set(dir(erp_build)) == {*erp_build.__all__, "__version__"}
    page = pydoc.plain(pydoc.render_doc(erp_build))
    assert [name for name in erp_build.__all__ if name not in page] == []
    assert erp_build.__version__ in page


def test_the_version_is_that_of_the_package() -> None:
    assert erp_build.__version__ == version("erp-build")


def test_a_run_without_a_receiver_loads_nothing_of_opentelemetry(erp: Checkout) -> None:
    code = (
        "import sys; from erp_build.cli.app import main; main(['run', '--rehearse', '--config', 'absent.toml']); "
        "print([name for name in sys.modules if 'opentelemetry' in name or name.endswith('.trace')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=erp.root, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines()[-1] == "[]"
