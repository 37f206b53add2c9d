"""What the SDK raises about an engine, as our errors with a place and a next step."""

from collections.abc import Iterator
from contextlib import contextmanager

import docker.errors
import requests
import urllib3

from erp_build.clients.calls import CallTimedOut
from erp_build.clients.docker.events import hint_of
from erp_build.clients.docker.stall import Stalled
from erp_build.errors import BuildFailed, PushFailed


@contextmanager
def translate_engine_errors(where: str, failure: type[BuildFailed | PushFailed], image: str = "") -> Iterator[None]:
    """Raise `failure` for what the SDK raises in the block.

    Args:
        where: the engine.
        failure: the class of the error.
        image: what is pulled, or asked for at its registry.
    """
    try:
        yield
    except Stalled as error:
        raise failure(
            "the Docker engine does not get on",
            where=where,
            why=str(error),
            next_step="look at the engine's log, the network and the registry, then run again",
        ) from error
    except docker.errors.APIError as error:
        why = str(error.explanation or error)
        next_step = hint_of(why, "see the reason above", pushing=failure is PushFailed, image=image)
        raise failure("the Docker engine refused a request", where=where, why=why, next_step=next_step) from error
    except (docker.errors.DockerException, requests.RequestException, CallTimedOut) as error:
        raise failure(
            "no Docker engine answers",
            where=where,
            why=str(error),
            next_step="start the engine; in CodeBuild switch the project to privileged mode (Engine=true); elsewhere "
            "let DOCKER_HOST or DOCKER_CONTEXT name it",
        ) from error
    except (docker.errors.StreamParseError, urllib3.exceptions.HTTPError) as error:
        # The SDK reads events directly from urllib3, so requests does not translate these errors.
        raise failure(
            "the Docker engine's response broke off",
            where=where,
            why=str(error),
            next_step="look at the engine's log, its memory and its disk, then run again",
        ) from error
