#!/bin/sh
# Starts a Docker engine of the container's own where none was given and the container may (privileged mode of
# CodeBuild), then becomes the command. `plan` and `gate` need no engine, so a container without one goes on.
set -eu

socket=/var/run/docker.sock
if [ -z "${DOCKER_HOST:-}" ] && [ ! -S "$socket" ] && [ -w /sys/fs/cgroup ]; then
    dockerd >/var/log/dockerd.log 2>&1 &
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        if docker version >/dev/null 2>&1; then
            break
        fi
        sleep 1
    done
fi

exec "$@"
