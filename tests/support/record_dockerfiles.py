r"""Records what BuildKit makes of the cases: `python -m tests.support.record_dockerfiles PROGRAM`.

The program wraps `frontend/dockerfile` of github.com/moby/buildkit (parser and dockerfile2llb) and the walk of
github.com/tonistiigi/fsutil with `ExcludePatterns`. It reads a line of JSON for each question and answers with one:

    {"text": "FROM a\n"}                   -> {"instructions": [...], "stages": {"": {"images", "base", "copies"}}}
    {"folder": "/path", "ignore": "*\n"}   -> {"context": ["a", "b/", "b/c"]}
    a question that it refuses              -> {"error": "..."}

The cases themselves name only what is asked; everything else in them is written here.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.support.cases import CASES
from tests.support.dockerfiles import FILES, write_tree

SOURCE = "github.com/moby/buildkit v0.20.0, github.com/tonistiigi/fsutil b14e27f4135a"
SETTINGS = ("ENV", "LABEL")


def main(program: str) -> None:
    """Ask for every case and write the answers into its file."""
    for path in sorted((CASES / "dockerfiles").glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        questions = [{"text": case["text"]} for case in content["cases"]]
        answers = asked(program, questions)
        rows = [{"id": case["id"], "text": case["text"], **of_dockerfile(answer)}
                for case, answer in zip(content["cases"], answers, strict=True)]  # fmt: skip
        write(path, content["about"], rows)
    for path in sorted((CASES / "dockerignore").glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        with tempfile.TemporaryDirectory() as folder:
            write_tree(Path(folder), FILES)
            answers = asked(program, ({"folder": folder, "ignore": case["text"]} for case in content["cases"]))
        rows = [{"id": case["id"], "text": case["text"], **of_ignore(answer)}
                for case, answer in zip(content["cases"], answers, strict=True)]  # fmt: skip
        write(path, content["about"], rows)


def asked(program: str, questions: Iterable[dict[str, str]]) -> list[dict[str, Any]]:
    """The program's answers to some questions."""
    done = subprocess.run(
        [program], input="\n".join(map(json.dumps, questions)), text=True, capture_output=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def of_dockerfile(answer: dict[str, Any]) -> dict[str, Any]:
    """What a case of a Dockerfile expects."""
    if "error" in answer:
        return {"refused": answer["error"]}
    stage = answer["stages"][""]
    built = {"images": sorted(stage["images"]), "base": stage["base"], "copies": sorted(set(stage["copies"]))}
    if "error" in stage:
        built = {"refused": stage["error"]}
    return {"instructions": list(map(_instruction, answer["instructions"])), **built}


def of_ignore(answer: dict[str, Any]) -> dict[str, Any]:
    """What a case of a .dockerignore expects."""
    return {"refused": answer["error"]} if "error" in answer else {"sent": sorted(answer.get("context", ()))}


def write(path: Path, about: str, rows: list[dict[str, Any]]) -> None:
    """Write a file of cases, a line each."""
    lines = ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in rows)
    head = json.dumps({"about": about, "recorded_from": SOURCE}, ensure_ascii=False)[1:-1]
    path.write_text(f'{{\n {head},\n "cases": [\n  {lines}\n ]\n}}\n', encoding="utf-8")


def _instruction(found: dict[str, Any]) -> dict[str, Any]:
    """An instruction as the program says it, without what is empty; settings as `name=value`."""
    words = [] if found["words"] == [""] else list(found["words"])
    if found["keyword"] in SETTINGS:
        words = list(_pairs(words))
    row = {"line": found["line"], "end": found["end"] + 1, "keyword": found["keyword"], "words": words}
    row |= {key: found[key] for key in ("flags", "heredocs") if found[key]}
    if "inner" in found:
        inner = _instruction(found["inner"])
        row["inner"] = {key: inner[key] for key in inner if key not in ("line", "end")}
    return row


def _pairs(words: list[str]) -> Iterator[str]:
    # Each setting is a name, a value, and the sign that stood between them.
    for place in range(0, len(words), 3):
        yield f"{words[place]}={words[place + 1]}"


if __name__ == "__main__":
    main(sys.argv[1])
