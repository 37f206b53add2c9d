"""What `status` and `history` tell where several releases and functions are deployed each by itself."""

from dataclasses import replace

from erp_build.deployment.ledger import LedgerEntry, PreviousState, Standing
from erp_build.model.plan import LiveState
from erp_build.model.releases.preview import Migration
from erp_build.report.json.status import history_document, joined_documents, status_document
from erp_build.report.text.status import history_text, joined_texts, status_text
from tests.support.samples import DIGEST, EMPLOYEE, HEAD, running

ENTRY = LedgerEntry(
    at="2026-01-01T00:00:00+00:00",
    commit=HEAD,
    build="erp:1",
    before=PreviousState(),
    outcome="deployed",
    functions={EMPLOYEE: f"r/x@{DIGEST}"},
)
STANDING = Standing(runs=ENTRY, proven=ENTRY)


def test_the_only_unit_is_told_of_as_ever() -> None:
    document = status_document(running(), {})
    assert joined_documents({"erp": document}) == document
    assert joined_texts({"erp": status_text(running(), {})}) == status_text(running(), {})


def test_of_several_units_each_is_told_of_by_its_name() -> None:
    documents = joined_documents({"erp": status_document(running(), {}), EMPLOYEE: status_document(LiveState(), {})})
    assert documents["schema"] == 1
    assert [sorted(one) for one in documents["units"]] == [["ledger", "name", "release", "targets"]] * 2
    assert [one["name"] for one in documents["units"]] == ["erp", EMPLOYEE]
    histories = joined_documents({"erp": history_document((), ()), EMPLOYEE: history_document((), (ENTRY,))})
    assert [len(one["deployments"]) for one in histories["units"]] == [0, 1]
    assert joined_texts({"erp": "a\nb", EMPLOYEE: "c"}) == f"== erp\na\nb\n\n== {EMPLOYEE}\nc"


def test_a_function_apart_has_no_release_to_tell_of() -> None:
    live = LiveState(running={EMPLOYEE: running().running[EMPLOYEE]})
    lines = status_text(live, {}, STANDING, has_release=False).splitlines()
    assert lines[0] == f"Proven: {HEAD[:12]}, deployed by erp:1, 2026-01-01T00:00, which runs"
    assert not any("release" in line.lower() for line in lines)
    history = history_text((), (ENTRY,), STANDING, has_release=False).splitlines()
    assert history[0] == "Deployments"
    assert history[-1].split()[-1] == "runs"


def test_a_history_says_what_migrated_and_where_nobody_knows_whether_it_did() -> None:
    migrated = replace(ENTRY, migrations=(Migration("Job erp-migrate", "hook", "pre-upgrade"),))
    assert history_text((), (migrated,)).endswith("migrated: Job erp-migrate (pre-upgrade)")
    assert "may have migrated: Job" in history_text((), (replace(migrated, outcome="begun"),))
    found = [one["migrations"] for one in history_document((), (ENTRY, migrated))["deployments"]]
    assert found == [None, ["Job erp-migrate (pre-upgrade)"]]
