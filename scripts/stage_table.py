"""Writes the table of the stages into docs/how-a-run-works.md: `python -m scripts.stage_table`.

Their order is that of the calls in `pipeline.py`; what each takes and makes is its signature, and what it may touch
stands above it (`@stage`).
"""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

from erp_build import pipeline, proving
from erp_build.deployment.frozen import steps
from erp_build.deployment.going_back import automatic
from erp_build.model.stages.stage import STAGES, StageFacts

PAGE = Path(__file__).resolve().parent.parent / "docs" / "how-a-run-works.md"
BEGIN, END = "<!-- stages: made by scripts/stage_table.py -->\n", "<!-- end of the stages -->\n"
SURROUNDINGS = {"site", "clients", "repository", "project", "note", "say", "order"}
"""Arguments that a stage works with, not what it takes from another stage."""


def table() -> str:
    """The table, as Markdown."""
    called = {work.__name__: (work, facts) for work, facts in STAGES.items()}
    rows = [_row(*called[name]) for name in dict.fromkeys(_names_in_order())]
    head = "| stage | takes | makes | may touch |\n|---|---|---|---|\n"
    return head + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def page() -> str:
    """The page with the table of now."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _names_in_order() -> Iterator[str]:
    """The stages in the order of the run, those after a failure, of `--until cleared`, and of `build` alone."""
    beside = _functions(steps)
    at_the_end = {"clear_and_freeze": beside.pop("clear_and_freeze")}
    baked = {"bake_deployment": _functions(automatic)["bake_deployment"]}
    yield from _called("run", {**beside, **baked, **_functions(proving), **_functions(pipeline)})
    yield from _called("recorded_deployment", _functions(automatic))
    yield from _called("clear_and_freeze", at_the_end)
    yield from _called("build", _functions(pipeline))


def _functions(module: ModuleType) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.FunctionDef)}


def _called(name: str, functions: dict[str, ast.FunctionDef]) -> Iterator[str]:
    """The stages that a function runs; those of a function that it calls come where it calls it."""
    calls = [node for node in ast.walk(functions.pop(name)) if isinstance(node, ast.Call)]
    stages = {work.__name__ for work in STAGES}
    # A call that is an argument of another one ends before it.
    for call in sorted(calls, key=lambda node: (node.end_lineno, node.end_col_offset)):
        for word in (one.id for one in (call.func, *call.args) if isinstance(one, ast.Name)):
            if word in stages:
                yield word
            elif word in functions:
                yield from _called(word, functions)


def _row(work: Callable[..., object], facts: StageFacts) -> tuple[str, str, str, str]:
    signature = inspect.signature(work)
    takes = [_words(one.annotation) for name, one in signature.parameters.items() if name not in SURROUNDINGS]
    makes = _words(signature.return_annotation)
    return work.__name__.replace("_", " "), ", ".join(filter(None, takes)), makes, facts.touches


def _words(annotation: object) -> str:
    """The values that a type is about, without containers and builtins."""
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    names = re.findall(r"\b[A-Z]\w+\b(?!\[)", re.sub(r"\b[\w.]+\.(?=\w)", "", text))
    return ", ".join(f"`{name}`" for name in dict.fromkeys(names) if name != "None")


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
