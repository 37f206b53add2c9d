"""A judgement in which everything occurs: an image that passes, one that is blocked, one without a verdict."""

from datetime import date

from erp_build.gate.filter import Waivers
from erp_build.gate.result import GateRules, Judged, Judgement
from erp_build.model.images.finding import Finding, Waived, Waiver
from erp_build.model.images.verdict import Verdict
from erp_build.model.project import GatePolicy
from tests.support.samples import EMPLOYEE, NOTIFICATION, OTHER_DIGEST, REQUEST, built

LOG4J = Finding(
    name="CVE-2021-44228",
    severity="CRITICAL",
    packages=("log4j-api", "log4j-core"),
    version="2.14.1",
    fixable=True,
    fixed_in="2.17.1",
    uri="https://nvd.nist.gov/vuln/detail/CVE-2021-44228",
)
OPENSSL = Finding(name="CVE-2024-1", severity="CRITICAL", packages=("openssl",))
NAMELESS = Finding(name='<a> & "b"\x00', severity="LOW")
KNOWN = Finding(name="CVE-2020-1", severity="HIGH", packages=("zlib",))
WAIVER = Waiver("CVE-2024-1", ("openssl",), "not reachable", "kim", date(2026, 12, 31))
UNUSED = Waiver("CVE-1999-1", ("sendmail",), "gone", "lee", date(2026, 1, 1))

JUDGEMENT = Judgement(
    rules=GateRules(
        policy=GatePolicy(limits=(("HIGH", 3),), new_only=True),
        waivers=Waivers(rows=(WAIVER, UNUSED), today=date(2026, 11, 23)),
    ),
    rows=(
        Judged(
            built(REQUEST),
            Verdict(
                outcome="blocked",
                why="1 new CRITICAL, 1 already running",
                counts={"CRITICAL": 2, "HIGH": 1, "LOW": 1},
                blocking=(LOG4J,),
                waived=(Waived(OPENSSL, WAIVER),),
                known=(KNOWN,),
                findings=(LOG4J, OPENSSL, KNOWN, NAMELESS),
                scanner="enhanced",
            ),
        ),
        Judged(
            built(NOTIFICATION, OTHER_DIGEST),
            Verdict(outcome="passed", why="1 LOW", counts={"LOW": 1}, findings=(NAMELESS,), scanner="basic"),
        ),
        Judged(
            built(EMPLOYEE),
            Verdict(outcome="inconclusive", why="FAILED: the scan failed", next_step="start the scan again"),
        ),
    ),
    remarks=("no fresh result of the deployed image",),
)
