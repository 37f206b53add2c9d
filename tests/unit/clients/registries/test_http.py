"""What of the connection passes, so that a registry is asked again."""

import socket

import pytest
import requests
import urllib3
from urllib3.connection import HTTPSConnection

from erp_build.clients.registries.http import no_answer


@pytest.mark.parametrize(("number", "passes"), [(socket.EAI_NONAME, False), (socket.EAI_AGAIN, True)])
def test_a_name_of_nobody_is_final_and_a_resolver_that_does_not_answer_passes(number: int, *, passes: bool) -> None:
    cause = socket.gaierror(number, "Name or service not known")
    unresolved = urllib3.exceptions.NameResolutionError("hub.example", HTTPSConnection("hub.example"), cause)
    unresolved.__cause__ = cause
    pool = urllib3.HTTPSConnectionPool("hub.example")
    found = no_answer(requests.ConnectionError(urllib3.exceptions.MaxRetryError(pool, "/v2/?token=x", unresolved)))
    assert found.passes is passes
    assert "Failed to resolve 'hub.example'" in str(found)
    assert "token" not in str(found)
