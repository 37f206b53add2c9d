"""`python -m bench replay`: `replay` against the oracle, for every first-parent pair and random ranges."""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.monorepo import SIZES, first_parents, repository
from bench.oracle import Oracle

RANDOM_RANGES = 200


def main(sizes: Sequence[str] = tuple(SIZES)) -> int:
    """Check every size; returns 1 when a single pair differs."""
    differences = 0
    for size in sizes:
        root = repository(size)
        commits = first_parents(root)
        neighbours = list(zip(commits[1:], commits, strict=False))
        differences += check(f"{size}: neighbours", root, neighbours)
        differences += check(f"{size}: random ranges", root, random_pairs(commits, RANDOM_RANGES))
    return 1 if differences else 0


def random_pairs(commits: Sequence[str], number: int, seed: int = 7) -> list[tuple[str, str]]:
    """Random pairs of commits, about half of them with the newer one as the base."""
    chance = random.Random(seed)
    return [(chance.choice(commits), chance.choice(commits)) for _ in range(number)]


def check(name: str, root: Path, pairs: Sequence[tuple[str, str]]) -> int:
    """Compare all pairs and print a line; returns the number of differences."""
    start = time.perf_counter()
    ours = replayed(root, pairs)
    seconds = time.perf_counter() - start
    oracle = Oracle(root)
    wrong = [pair for pair, names in zip(pairs, ours, strict=True) if names != oracle.changed(*pair)]
    per_pair = seconds * 1000 / max(len(pairs), 1)
    print(f"{name:<20} {len(pairs):4} pairs, {len(wrong)} differences, {seconds:6.2f} s, {per_pair:.2f} ms each")
    for base, head in wrong[:3]:
        print(f"  differs: {base} {head}")
    return len(wrong)


def replayed(root: Path, pairs: Sequence[tuple[str, str]]) -> list[set[str]]:
    """What one `replay` says of all pairs."""
    with tempfile.NamedTemporaryFile("w", suffix=".pairs", encoding="ascii") as file:
        file.writelines(f"{base} {head}\n" for base, head in pairs)
        file.flush()
        words = [sys.executable, "-m", "erp_build", "replay", "--repo", str(root), "--pairs", file.name]
        done = subprocess.run(words, capture_output=True, check=True)
    return [set(json.loads(line)["changed"]) for line in done.stdout.splitlines()]
