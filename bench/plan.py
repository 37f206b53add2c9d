"""`python -m bench plan`: `plan` against its peers, in one run."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import peers
from bench.monorepo import CACHE, SIZES, first_parents, repository
from bench.oracle import Oracle
from bench.timing import command, compiled_environment, measure, save

RANGES = (1, 20, 200)


def main(sizes: Sequence[str] = tuple(SIZES), rounds: int = 11) -> int:
    """Compare what everybody answers, then measure, then show; a row without a peer's name is for the fastest peer.

    All sizes are timed in the same rounds, so that what a plan costs beyond Git can be compared between them.
    """
    peers.install()
    cases: dict[tuple[str, str], Callable[[], object]] = {}
    roots = [repository(size) for size in sizes]
    for size, root in zip(sizes, roots, strict=True):
        peers.link(root)
        commits = first_parents(root)
        for length in RANGES:
            found = _cases(root, commits[length], commits[0], f"plan.{size}{length}")
            cases.update({(f"plan.{size}{length}", who): case for who, case in found.items()})
    medians: dict[str, dict[str, float]] = {}
    for (row, who), median in measure(cases, rounds).items():
        medians.setdefault(row, {})[who] = median
    for root in roots:
        peers.stop_nx(root)
    save({name: row for plan, values in medians.items() for name, row in _rows(plan, values, rounds).items()})
    _show(medians)
    return 0


def _cases(root: Path, base: str, head: str, name: str) -> dict[str, Callable[[], object]]:
    """Every tool's command for a range; where its answer is another than the oracle's, a line says by how much."""
    asked = peers.questions(base, head)
    truth = Oracle(root).changed(base, head) - {"helm-chart"}
    for peer, question in asked.items():
        found = peers.answer(peer, question, root)
        if found != truth:
            missed, added = len(truth - found), len(found - truth)
            print(
                f"{name}: {peer} misses {missed} and adds {added} of {len(truth)} services (it knows no shared inputs)"
            )
    words = [sys.executable, "-m", "erp_build", "plan", "--repo", str(root), "--base", base, "--head", head]
    cases = {peer: command(question.words, root, question.env) for peer, question in asked.items()}
    cases["ours"] = command(words, root, compiled_environment(CACHE / "compiled"))
    return cases


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
