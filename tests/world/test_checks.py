"""Checks before the image with the real plugins: Checkstyle warns, SpotBugs blocks, and a bug is never built."""

import pytest

from sandbox.sample import erp_repository
from tests.world.conftest import Erp

pytestmark = pytest.mark.world

SERVICE = "notification-service"
CHECKS = """
[[check]]
name = "checkstyle"
maven = ["org.apache.maven.plugins:maven-checkstyle-plugin:3.6.0:check"]
on_failure = "warn"
reports = ["target/checkstyle-result.xml"]

[[check]]
name = "spotbugs"
maven = ["compile", "com.github.spotbugs:spotbugs-maven-plugin:4.8.6.6:check"]
reports = ["target/spotbugsXml.xml"]
"""
BUG = "    static int length() {\n        String text = null;\n        return text.length();\n    }\n"


def test_a_warning_is_shown_and_a_bug_is_not_built(erp: Erp) -> None:
    erp.new_content(SERVICE)
    done = erp.run(config=erp.config + CHECKS)
    assert done.code == 0, done.stderr
    outcomes = {check["name"]: check["outcome"] for check in done.report["checks"]}
    assert outcomes == {"checkstyle": "warning", "spotbugs": "passed"}
    assert "Checkstyle violations" in "".join(check["why"] or "" for check in done.report["checks"])
    kept = erp.repository.parent / "checks"
    assert b"<checkstyle" in (kept / "checkstyle" / SERVICE / "target" / "checkstyle-result.xml").read_bytes()
    assert (kept / "spotbugs" / SERVICE / "target" / "spotbugsXml.xml").is_file()

    source = erp.repository / "backend" / SERVICE / "src/main/java/com/erp/notification/NotificationApplication.java"
    text = source.read_text(encoding="utf-8")
    end = text.rindex("}")
    source.write_text(f"{text[:end]}{BUG}{text[end:]}", encoding="utf-8")
    erp_repository.commit(erp.repository, f"{SERVICE}: 널 참조")
    before = erp.look()
    stopped = erp.run(config=erp.config + CHECKS)
    assert stopped.code == 6, stopped.stderr
    assert "1 of 2 checks failed" in stopped.stderr
    assert f"spotbugs, {SERVICE}: exit code 1" in stopped.stderr
    assert {effect["name"] for effect in stopped.report["effects"]} == {"check", "notify"}
    assert erp.look() == before
