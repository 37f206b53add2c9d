"""Which waivers count, which have expired, and which are about nothing."""

from datetime import timedelta

from erp_build.gate.filter import Waivers
from tests.support.readings import LOG4J, OPENSSL, TODAY, WAIVER

OTHER = WAIVER._replace(id=OPENSSL.name, packages=OPENSSL.packages)
EXPIRED = OTHER._replace(until=TODAY - timedelta(days=1))


def test_a_waiver_counts_until_its_last_day() -> None:
    waivers = Waivers(rows=(WAIVER, EXPIRED), today=TODAY)
    assert waivers.for_finding(LOG4J) == WAIVER
    assert waivers.for_finding(OPENSSL) is None


def test_an_expired_waiver_is_named_only_for_a_finding_that_it_is_about() -> None:
    waivers = Waivers(rows=(WAIVER, EXPIRED), today=TODAY)
    assert waivers.expired_for(iter([LOG4J, OPENSSL])) == (EXPIRED,)
    assert waivers.expired_for([LOG4J]) == ()


def test_a_waiver_that_is_about_no_finding_is_unused_whether_it_counts_or_not() -> None:
    waivers = Waivers(rows=(WAIVER, EXPIRED), today=TODAY)
    assert waivers.unused(iter([LOG4J])) == (EXPIRED,)
    assert waivers.unused([OPENSSL]) == (WAIVER,)
    assert waivers.unused([LOG4J, OPENSSL]) == ()
    assert waivers.unused([]) == (WAIVER, EXPIRED)


def test_without_a_day_no_waiver_counts() -> None:
    assert Waivers(rows=(WAIVER,)).for_finding(LOG4J) is None


def test_a_waiver_says_what_it_is() -> None:
    several = WAIVER._replace(packages=("log4j-core", "log4j-api"))
    assert str(several) == "CVE-2021-44228 (log4j-core, log4j-api), kim, until 2026-11-23"
