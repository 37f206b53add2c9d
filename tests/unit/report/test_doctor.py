"""How findings are shown: those with one reason together, and the sum at the end."""

from erp_build.doctor.diagnosis import Diagnosis, Look
from erp_build.report.text.doctor import doctor_document, doctor_text

GONE = Look("sign-in").unknown("could not look: no credentials", "aws sso login")
DIAGNOSES = (
    Diagnosis(name="git", area="machine", result=Look("git in PATH").ok("2.39.5")),
    Diagnosis(
        name="chart", area="repository", result=Look("helm template").problem("알림: nil\nsecond line", "fix it")
    ),
    Diagnosis(name="connection", area="account", result=GONE),
    Diagnosis(name="function", area="account", result=GONE),
)


def test_the_text_has_a_block_per_area_and_names_what_failed_for_one_reason_together() -> None:
    assert doctor_text(DIAGNOSES).splitlines() == [
        "machine",
        "  ok       git         2.39.5",
        "                       looked at: git in PATH",
        "repository",
        "  problem  chart       알림: nil",
        "                       second line",
        "                       looked at: helm template",
        "                       next: fix it",
        "account",
        "  unknown  connection, function",
        "                       could not look: no credentials",
        "                       looked at: sign-in",
        "                       next: aws sso login",
        "4 checks: 1 ok, 0 warnings, 1 problem, 2 unknown",
    ]


def test_the_document_has_a_row_per_check_and_counts_every_state() -> None:
    document = doctor_document(DIAGNOSES)
    assert document["schema"] == 1
    assert document["counts"] == {"ok": 1, "warning": 0, "problem": 1, "unknown": 2}
    assert document["checks"][0] == {
        "name": "git",
        "area": "machine",
        "state": "ok",
        "looked_at": "git in PATH",
        "found": "2.39.5",
        "next": None,
    }
    assert [check["next"] for check in document["checks"][1:]] == ["fix it", "aws sso login", "aws sso login"]


def test_nothing_to_show_is_still_a_sum() -> None:
    assert doctor_text(()) == "0 checks: 0 ok, 0 warnings, 0 problems, 0 unknown"
