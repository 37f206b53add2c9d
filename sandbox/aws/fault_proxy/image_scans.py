"""Image scans, which the stand-in lacks: every image of the registry gets one, and a test may script the answers."""

import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.endpoints import ACCOUNT

Answer = Mapping[str, Any]
Ecr = Callable[[str, dict[str, Any]], Coroutine[Any, Any, tuple[int, dict[str, Any]]]]

OUR_TOKEN = "from-"
"""Before the place of the first finding of a further page, where we cut an answer into pages."""

PAGE = 100
"""Findings of a page unless a caller asks for another number, as at ECR."""

LOW = [
    ("CVE-2022-3219", "gnupg2", "denial of service by a forged signature"),
    ("CVE-2016-2781", "coreutils", "nonpriv session can escape to the parent session"),
]


@dataclass
class Script:
    """Answers of successive polls for the images of a repository; `polls` are groups of pages, the last one repeats."""

    repository: str
    digest: str | None
    polls: list[list[Answer]]
    done: dict[str, int] = field(default_factory=dict)

    def fits(self, repository: str, digest: str) -> bool:
        """Whether the script is for this image."""
        return self.repository == repository and self.digest in (None, digest)


class Scans:
    """The scanner of one registry."""

    def __init__(self, ecr: Ecr) -> None:
        self._ecr = ecr
        self._scripts: list[Script] = []
        self._seen: dict[tuple[str, str], float] = {}

    def script(self, repository: str, digest: str | None, answers: Sequence[Answer]) -> None:
        """Answer the next polls with these; a page that a nextToken leads to follows its first page in the list."""
        polls: list[list[Answer]] = []
        more = False
        for answer in answers:
            if more:
                polls[-1].append(answer)
            else:
                polls.append([answer])
            more = "nextToken" in answer
        self._scripts.insert(0, Script(repository, digest, polls))

    def clear(self, repository: str | None = None) -> None:
        """Forget every script, or those of one repository."""
        self._scripts = [script for script in self._scripts if repository not in (None, script.repository)]

    async def start(self, body: Answer) -> Answer:
        """StartImageScan: the next result is a new one."""
        image = await self._image(body)
        if "Error" in image:
            return image
        self._seen.pop((image["repositoryName"], image["imageId"]["imageDigest"]), None)
        return {**image, "imageScanStatus": {"status": "IN_PROGRESS"}}

    async def describe(self, body: Answer) -> Answer:
        """DescribeImageScanFindings."""
        image = await self._image(body)
        if "Error" in image:
            return image
        key = (image["repositoryName"], image["imageId"]["imageDigest"])
        script = next((script for script in self._scripts if script.fits(*key)), None)
        token = str(body.get("nextToken") or "")
        place = int(token.removeprefix(OUR_TOKEN)) if token.startswith(OUR_TOKEN) else 0
        if place:
            answer = self._again(script, key)
        else:
            answer = self._scripted(script, key[1], token or None) if script else self._by_itself(key)
        return answer if "Error" in answer else {**image, **page_of(answer, place, int(body.get("maxResults") or PAGE))}

    def _again(self, script: Script | None, key: tuple[str, str]) -> Answer:
        """The answer that the last poll began with: a further page of it is no new poll."""
        if script is None:
            return self._by_itself(key)
        return script.polls[min(script.done.get(key[1], 1), len(script.polls)) - 1][0]

    def _scripted(self, script: Script, digest: str, token: str | None) -> Answer:
        polls = script.polls
        if token is None:
            script.done[digest] = script.done.get(digest, 0) + 1
            return polls[min(script.done[digest], len(polls)) - 1][0]
        pages = polls[min(script.done.get(digest, 1), len(polls)) - 1]
        place = next((place for place, page in enumerate(pages) if page.get("nextToken") == token), None)
        if place is None or place + 1 >= len(pages):
            return _error("InvalidParameterException", "the next token is not valid")
        return pages[place + 1]

    def _by_itself(self, key: tuple[str, str]) -> Answer:
        """The first poll finds the scan in progress, the second one complete with two findings of low severity."""
        if key not in self._seen:
            self._seen[key] = time.time()
            return {"imageScanStatus": {"status": "IN_PROGRESS", "description": "The scan is in progress."}}
        findings = [
            {
                "name": name,
                "description": description,
                "severity": "LOW",
                "attributes": [
                    {"key": "package_name", "value": package},
                    {"key": "package_version", "value": "2.2.40"},
                ],
            }
            for name, package, description in LOW
        ]
        return {
            "imageScanStatus": {"status": "COMPLETE", "description": "The scan was completed successfully."},
            "imageScanFindings": {
                "imageScanCompletedAt": self._seen[key],
                "vulnerabilitySourceUpdatedAt": self._seen[key] - 3600,
                "findingSeverityCounts": {"LOW": len(LOW)},
                "findings": findings,
            },
        }

    async def _image(self, body: Answer) -> dict[str, Any]:
        """The image that a request means, in the form of an answer, or the error that ECR would give."""
        repository = body["repositoryName"]
        status, found = await self._ecr("BatchGetImage", {"repositoryName": repository, "imageIds": [body["imageId"]]})
        if status >= 400:  # noqa: PLR2004 - an error
            return _error("RepositoryNotFoundException", f"The repository with name '{repository}' does not exist")
        if not found["images"]:
            return _error("ImageNotFoundException", "The image with imageId does not exist within the repository")
        return {"registryId": ACCOUNT, "repositoryName": repository, "imageId": found["images"][0]["imageId"]}


def page_of(answer: Answer, place: int, most: int) -> Answer:
    """The part of a long answer that one page holds; an answer with a token of its own is paged already."""
    block = answer.get("imageScanFindings") or {}
    lists = {name: block[name] for name in ("findings", "enhancedFindings") if block.get(name)}
    if "nextToken" in answer or all(len(items) <= most for items in lists.values()):
        return answer
    cut = {name: items[place : place + most] for name, items in lists.items()}
    more = any(len(items) > place + most for items in lists.values())
    page = {**answer, "imageScanFindings": {**block, **cut}}
    return {**page, "nextToken": f"{OUR_TOKEN}{place + most}"} if more else page


def _error(code: str, message: str) -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": message}}
