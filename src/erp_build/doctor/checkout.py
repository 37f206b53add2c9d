"""Checks of the repository: its history, and secrets in its files."""

from pathlib import Path

from erp_build.clients.secrets import MIN_MASKED_LENGTH
from erp_build.config.read_file import read_file
from erp_build.doctor.diagnosis import CheckResult, ok, problem, unknown, warning
from erp_build.doctor.facts import Facts
from erp_build.errors import ErpBuildError
from erp_build.formats.secret_names import holds_secret
from erp_build.formats.values_file import named_values


def check_metadata(facts: Facts) -> CheckResult:
    """Whether the source has a `.git`."""
    looked = f"{facts.root}/.git"
    if facts.local.clone.has_metadata():
        return ok(looked, "Git reads it")
    return problem(
        looked,
        "there is no .git: a run cannot know what changed, except by content keys",
        "in the pipeline's source action choose full clone (OutputArtifactFormat CODEBUILD_CLONE_REF)",
    )


def check_depth(facts: Facts) -> CheckResult:
    """Whether the clone has the whole history."""
    looked = "git rev-parse --is-shallow-repository"
    if not facts.local.clone.has_metadata():
        return unknown(looked, "there is no .git", "see git-metadata")
    if facts.local.clone.is_shallow():
        return warning(
            looked,
            "the clone is shallow: each run fetches the missing commits, or builds everything",
            "git fetch --unshallow; in CodeBuild set the source's git clone depth to Full",
        )
    return ok(looked, "the history is whole")


def check_plain_secrets(facts: Facts) -> CheckResult:
    """Whether the values files hold secrets in plain text; reports their places, never their values."""
    files = sorted((facts.root / facts.project.chart.path).glob("values*.y*ml"))
    looked = ", ".join(file.name for file in files) or f"values files of {facts.project.chart.path}"
    if not files:
        return unknown(looked, "there is no values file", "correct `path` of [chart] in erp-build.toml")
    unread: list[str] = []
    places = [place for file in files for place in _places(facts, file, unread)]
    if places:
        return warning(
            looked,
            "secrets in plain text:\n" + "\n".join((*places, *unread)),
            "move them to Secrets Manager (ExternalSecret), replace them there, and remove them from Git",
        )
    return unknown(looked, "\n".join(unread), "fix the file") if unread else ok(looked, "no secret in plain text")


def _places(facts: Facts, file: Path, unread: list[str]) -> list[str]:
    try:
        found = named_values(read_file(file), where=file.name)
    except (OSError, ErpBuildError) as error:
        unread.append(f"{file.name} cannot be read: {error}")
        return []
    places = []
    for path, name, value in found:
        # A shorter one is more likely a placeholder.
        if len(value) >= MIN_MASKED_LENGTH and holds_secret(name, value):
            facts.local.secrets.add_named(name, value)
            facts.local.secrets.add(value)
            places.append(f"{file.name}: {'.'.join(path)}")
    return places
