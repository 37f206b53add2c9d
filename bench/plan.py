"""`python -m bench plan`: `plan` against its peers, in one run."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import peers
from bench.monorepo import SIZES, first_parents, repository
from bench.oracle import Oracle
from bench.timing import command, measure, save

RANGES = (1, 20, 200)


def main(sizes: Sequence[str] = tuple(SIZES), rounds: int = 11) -> int:
    """Compare what everybody answers, then measure, then show; a row without a peer's name is for the fastest peer."""
    peers.install()
    rows: dict[str, dict[str, object]] = {}
    medians: dict[str, dict[str, float]] = {}
    for size in sizes:
        root = repository(size)
        peers.link(root)
        commits = first_parents(root)
        for length in RANGES:
            name = f"plan.{size}{length}"
            medians[name] = _measure(root, commits[length], commits[0], rounds, name)
            rows.update(_rows(name, medians[name], rounds))
        peers.stop_nx(root)
    save(rows)
    _show(medians)
    return 0


def _measure(root: Path, base: str, head: str, rounds: int, name: str) -> dict[str, float]:
    asked = peers.questions(base, head)
    truth = Oracle(root).changed(base, head) - {"helm-chart"}
    for peer, question in asked.items():
        found = peers.answer(peer, question, root)
        if found != truth:
            print(f"{name}: {peer} misses {len(truth - found)} and adds {len(found - truth)} of {len(truth)} services")
    words = [sys.executable, "-m", "erp_build", "plan", "--repo", str(root), "--base", base, "--head", head]
    cases = {peer: command(question.words, root, question.env) for peer, question in asked.items()}
    cases["ours"] = command(words, root, dict(os.environ))
    return measure(cases, rounds)


def _rows(name: str, medians: dict[str, float], rounds: int) -> dict[str, dict[str, object]]:
    ours = medians["ours"]
    fastest = min((peer for peer in medians if peer not in ("ours", "git", "shell")), key=lambda peer: medians[peer])
    return {
        (name if peer == fastest else f"{name}.{peer}"): {
            "ours_ms": round(ours, 1),
            "other_ms": round(other, 1),
            "other": peer,
            "ratio": round(ours / other, 3),
            "n": rounds,
        }
        for peer, other in medians.items()
        if peer != "ours"
    }


def _show(medians: dict[str, dict[str, float]]) -> None:
    names = ["ours", "git", "pnpm", "turbo", "nx", "shell"]
    print(f"\n{'ms':<10}" + "".join(f"{name:>9}" for name in names) + "   ours/pnpm  ours - git")
    for row, values in medians.items():
        ratio, own = values["ours"] / values["pnpm"], values["ours"] - values["git"]
        print(f"{row:<10}" + "".join(f"{values[name]:9.1f}" for name in names) + f"{ratio:12.2f}{own:12.1f}")
