"""What a scanner of SonarQube leaves behind, and what the server says of a quality gate, in words."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

REPORT_FILES = ("target/sonar/report-task.txt", ".scannerwork/report-task.txt", "build/sonar/report-task.txt")
"""Where the scanners leave the file, below the folder in which they run: of Maven, their own, of Gradle."""

RATING = "_rating"
RATINGS = ("A", "B", "C", "D", "E")
COMPARED = {"LT": "must be at least", "GT": "must be at most"}
"""How a condition fails -> what it asks for."""


class ReportTask(NamedTuple):
    """What `report-task.txt` names: the server, the task that works on the analysis there, and the page for people."""

    server: str
    task: str
    page: str = ""


class Condition(NamedTuple):
    """A condition of a quality gate: its metric, how it is compared, the threshold and what was measured."""

    metric: str
    comparator: str
    threshold: str
    actual: str
    status: str

    @property
    def words(self) -> str:
        """The condition as a sentence."""
        name = self.metric.replace("_", " ")
        if self.metric.endswith(RATING):
            return f"{name} is {_rating(self.actual)}, must be {_rating(self.threshold)} or better"
        asked = f"{COMPARED.get(self.comparator, self.comparator)} {self.threshold}".strip()
        return f"{name} is {self.actual or 'unknown'}, {asked}"


def read_report_task(text: str) -> ReportTask | None:
    """Read `report-task.txt`, lines of `name=value`; None where it names no server or no task."""
    values = dict(line.strip().partition("=")[::2] for line in text.splitlines())
    server, task = values.get("serverUrl", "").rstrip("/"), values.get("ceTaskId", "")
    return ReportTask(server, task, values.get("dashboardUrl", "")) if server and task else None


def failed_conditions(status: Mapping[str, object]) -> tuple[Condition, ...]:
    """The conditions that are not met, of `projectStatus` in the server's answer; raises where it has another form."""
    listed = status.get("conditions", ())
    if not isinstance(listed, Sequence):
        raise TypeError("`conditions` is no list")
    conditions = (
        Condition(
            metric=str(one["metricKey"]),
            comparator=str(one.get("comparator", "")),
            threshold=str(one.get("errorThreshold", "")),
            actual=str(one.get("actualValue", "")),
            status=str(one["status"]),
        )
        for one in listed
    )
    return tuple(condition for condition in conditions if condition.status == "ERROR")


def _rating(value: str) -> str:
    """The letter of a rating, which the server sends as a number from 1."""
    number = value.partition(".")[0]
    place = int(number) - 1 if number.isascii() and number.isdigit() and len(number) == 1 else -1
    return RATINGS[place] if 0 <= place < len(RATINGS) else value or "unknown"
