"""What scripts, buildspecs and Terraform files say of names: of functions, of repositories, of a release."""

import posixpath
import re
import shlex
from collections.abc import Callable
from typing import NamedTuple

from erp_build.config.grammar import NAMES
from erp_build.setup.draft import Found
from erp_build.setup.tree import Tree

ENDS = (".sh", ".tf", ".yml", ".yaml", "Makefile", "Jenkinsfile")
MAX_FILES = 200
"""Files that are looked into."""

FUNCTION = re.compile(
    r"""(?:--function-name[ =]{1,4}|\bfunction_name[ ]{0,20}=[ ]{0,20}|\bFunctionName:[ ]{0,20})["']?"""
    r"""([A-Za-z0-9_-]{1,64})(?=["'\s,)]|$)"""
)
PARAMETERS = re.compile(r"(/[A-Za-z0-9_.-]{1,64}(?:/[A-Za-z0-9_.-]{1,64}){0,5})/(?:eks/cluster-name|account-id)\b")
REPOSITORY = re.compile(r"[a-z0-9][a-z0-9._-]{0,100}")
HELM = re.compile(r"\bhelm3?[ ]{1,4}(?:upgrade|install)[ ]([^\n;|&]{1,600})")
WITH_VALUE = frozenset({"-n", "--namespace", "-f", "--values", "--set", "--set-string", "--timeout", "--version",
                        "--kube-context", "--history-max", "--description", "--kubeconfig", "--repo"})  # fmt: skip
POSITIONALS = 2


class HelmCall(NamedTuple):
    """A call of Helm in a script: what it installs, from where, with what; empty where a variable stands."""

    release: str
    chart: str
    namespace: str
    values: tuple[str, ...]
    where: str


class Hints:
    """The texts of the files that deploy a repository today.

    Args:
        tree: its files.
    """

    def __init__(self, tree: Tree) -> None:
        likely = [path for path in tree.paths if path.endswith(ENDS) and not _is_of_chart(tree, path)]
        self._lines = tuple(
            (f"{path}:{number}", line)
            for path in likely[:MAX_FILES]
            for number, line in enumerate(tree.text(path).replace("\\\n", "  ").splitlines(), 1)
        )

    def function(self, name: str) -> Found:
        """The Lambda function of a service, by a name that contains the service's."""
        for where, line in self._lines:
            for found in FUNCTION.findall(line):
                if name in found:
                    return Found(found, where)
        return Found("")

    def repository(self, name: str) -> Found:
        """The repository of a function's image: one that is named as the service is, with `-lambda` behind it."""
        wanted = f"{name}-lambda"
        for where, line in self._lines:
            if wanted in REPOSITORY.findall(line):
                return Found(wanted, where)
        return Found("")

    def parameters(self) -> Found:
        """The prefix of the six parameters."""
        for where, line in self._lines:
            if found := PARAMETERS.search(line):
                return Found(found[1], where)
        return Found("")

    def helm(self, is_chart: Callable[[str], bool]) -> HelmCall | None:
        """The first call of Helm that installs a chart of the repository."""
        for where, line in self._lines:
            for words in HELM.findall(line):
                call = _call(words, where)
                if call and is_chart(call.chart):
                    return call
        return None


def _is_of_chart(tree: Tree, path: str) -> bool:
    """Whether a file belongs to a chart, whose templates and values deploy nothing by themselves."""
    folder = posixpath.dirname(path)
    while folder:
        if f"{folder}/Chart.yaml" in tree:
            return True
        folder = posixpath.dirname(folder)
    return False


def _call(text: str, where: str) -> HelmCall | None:
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        return None
    options: dict[str, list[str]] = {}
    names: list[str] = []
    for word in (waiting := iter(words)):
        option, equals, value = word.partition("=")
        if not word.startswith("-"):
            names.append(word)
        elif equals or option in WITH_VALUE:
            options.setdefault(option, []).append(value if equals else next(waiting, ""))
    if len(names) < POSITIONALS or "$" in names[1]:
        return None
    namespace = next((one for key in ("-n", "--namespace") for one in options.get(key, ())), "")
    values = tuple(_path(one) for key in ("-f", "--values") for one in options.get(key, ()) if "$" not in one)
    release, chart = names[:POSITIONALS]
    return HelmCall(_name("release", release), _path(chart), _name("namespace", namespace), values, where)


def _name(rule: str, text: str) -> str:
    return text if NAMES[rule].accepts(text) else ""


def _path(text: str) -> str:
    return posixpath.normpath(text)
