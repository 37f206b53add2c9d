"""Projects of CodeBuild: the stand-in keeps them, and what it forgets of them is kept here."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

FORGOTTEN = ("concurrentBuildLimit", "queuedTimeoutInMinutes")
"""What the stand-in takes and does not give back."""


class Projects:
    """What was told of projects, by their names."""

    def __init__(self) -> None:
        self._told: dict[str, dict[str, Any]] = {}

    def note(self, operation: str, asked: Mapping[str, Any]) -> None:
        """A project was made, changed or taken away."""
        name = str(asked.get("name", ""))
        told = {member: asked[member] for member in FORGOTTEN if member in asked}
        if operation == "CreateProject":
            self._told[name] = told
        elif operation == "UpdateProject":
            self._told.setdefault(name, {}).update(told)
        elif operation == "DeleteProject":
            self._told.pop(name, None)

    def whole(self, project: Mapping[str, Any]) -> dict[str, Any]:
        """A project of the stand-in with what was told of it."""
        return {**project, **self._told.get(str(project["name"]), {})}

    def shown(self, answer: web.Response) -> web.Response:
        """The stand-in's answer with whole projects in it."""
        assert isinstance(answer.body, bytes)
        document = json.loads(answer.body)
        if "projects" in document:
            # ListProjects gives names.
            document["projects"] = [self.whole(one) if isinstance(one, dict) else one for one in document["projects"]]
        if "project" in document:
            document["project"] = self.whole(document["project"])
        return web.json_response(document, status=answer.status, headers=_without_type(answer))


def _without_type(answer: web.Response) -> dict[str, str]:
    return {
        name: value for name, value in answer.headers.items() if name.lower() not in ("content-type", "content-length")
    }
