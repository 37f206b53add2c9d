"""A stage in place of ours: an image that pays people's salaries must have no HIGH finding either."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from erp_build import BuiltImage, Clients, GateRules, Judgement, Pipeline, Running, judge_images, main

STRICT = ("CRITICAL", "HIGH")
PAYS = "employee-service"


def judge_by_target(
    clients: Clients, rules: GateRules, images: Sequence[BuiltImage], running: Mapping[str, Running] | None = None
) -> Judgement:
    """Judges with other rules when the plan has the one service; only `clear_images` makes a `ClearedImage` of it."""
    if any(image.target == PAYS for image in images):
        rules = replace(rules, policy=rules.policy._replace(block=STRICT))
    return judge_images(clients, rules, images, running)


PIPELINE = Pipeline().at(judge_images).replace(judge_by_target)

if __name__ == "__main__":
    raise SystemExit(main(pipeline=PIPELINE))
