"""The repository: its history, and what must not stand in its files."""

from pathlib import Path

from erp_build.clients.secrets import MIN_MASKED_LENGTH
from erp_build.doctor.diagnosis import Finding, ok, problem, unknown, warning
from erp_build.doctor.facts import Case
from erp_build.errors import ErpBuildError
from erp_build.formats.secret_names import holds_secret
from erp_build.formats.values_file import named_values


def check_metadata(case: Case) -> Finding:
    """Whether the source has a `.git`."""
    looked = f"{case.root}/.git"
    if case.local.clone.has_metadata():
        return ok(looked, "Git reads it")
    return problem(
        looked,
        "there is no .git: what changed is not known, only content keys tell",
        "in the pipeline's source action choose full clone (OutputArtifactFormat CODEBUILD_CLONE_REF)",
    )


def check_depth(case: Case) -> Finding:
    """Whether the history is whole."""
    looked = "git rev-parse --is-shallow-repository"
    if not case.local.clone.has_metadata():
        return unknown(looked, "there is no .git", "see git-metadata")
    if case.local.clone.is_shallow():
        return warning(
            looked,
            "the clone is shallow: each run fetches the commits that it lacks, or builds everything",
            "git fetch --unshallow; in CodeBuild set the source's git clone depth to Full",
        )
    return ok(looked, "the history is whole")


def check_plain_secrets(case: Case) -> Finding:
    """Secrets in plain text in the values files; their places are told, never their values."""
    files = sorted((case.root / case.project.chart.path).glob("values*.y*ml"))
    looked = ", ".join(file.name for file in files) or f"values files of {case.project.chart.path}"
    if not files:
        return unknown(looked, "there is no values file", "correct `path` of [chart] in erp-build.toml")
    unread: list[str] = []
    places = [place for file in files for place in _places(case, file, unread)]
    if places:
        return warning(
            looked,
            "secrets in plain text:\n" + "\n".join((*places, *unread)),
            "keep them in Secrets Manager (ExternalSecret), change them there, and take them out of Git",
        )
    return unknown(looked, "\n".join(unread), "mend the file") if unread else ok(looked, "no secret in plain text")


def _places(case: Case, file: Path, unread: list[str]) -> list[str]:
    try:
        found = named_values(file.read_bytes(), where=file.name)
    except (OSError, ErpBuildError) as error:
        unread.append(f"{file.name} cannot be read: {error}")
        return []
    places = []
    for path, name, value in found:
        # A shorter one is more likely a placeholder.
        if len(value) >= MIN_MASKED_LENGTH and holds_secret(name, value):
            case.local.secrets.add_named(name, value)
            case.local.secrets.add(value)
            places.append(f"{file.name}: {'.'.join(path)}")
    return places
