"""The scripted faults of one lane."""

import json
import re
from typing import Any

SCANNING = "GetRegistryScanningConfiguration"


class ScriptedFaults:
    """The scripted faults, newest first."""

    def __init__(self) -> None:
        self.rules: list[dict[str, Any]] = []

    @property
    def scans_enhanced(self) -> bool:
        """Whether a script makes the registry one that scans with Inspector."""
        return any(
            re.search(rule["match"], SCANNING) and "ENHANCED" in json.dumps(rule["steps"]) for rule in self.rules
        )

    def step(self, operation: str, text: str) -> dict[str, Any]:
        """The next step for a call; {} lets it pass."""
        for rule in self.rules:
            if re.search(rule["match"], operation) and re.search(rule.get("target", ""), text):
                place, steps = rule.setdefault("calls", 0), rule["steps"]
                rule["calls"] += 1
                if place < len(steps):
                    return dict(steps[place])
                if rule.get("then") == "sticky":
                    return dict(steps[-1])
        return {}
