#!/bin/sh
# Starts a Docker engine where the container may have one (privileged mode) and none was given, then becomes the
# command. `plan` and `gate` need no engine, so a container without one goes on.
set -eu

if [ -z "${DOCKER_HOST:-}" ]; then
    start-engine --if-allowed
fi

exec "$@"
