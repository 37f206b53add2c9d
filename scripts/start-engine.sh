#!/bin/sh
# Starts a Docker engine of the container's own and returns when it answers; does nothing where one answers already.
# The first command of a buildspec: CodeBuild puts its own entrypoint in the place of an image's. An image that has no
# engine is taken for one that needs none; erp_build says which service needs one.
set -eu

log=${ENGINE_LOG:-/var/log/dockerd.log}

fail() {
    echo "start-engine: $1" >&2
    exit 1
}

if ! command -v docker >/dev/null && ! command -v dockerd >/dev/null; then
    if [ "${1:-}" != --if-allowed ]; then
        echo "start-engine: this image has no engine, and none is started"
    fi
    exit 0
fi
if docker version >/dev/null 2>&1; then
    exit 0
fi
if [ -n "${DOCKER_HOST:-}" ]; then
    fail "no engine answers at DOCKER_HOST=$DOCKER_HOST"
fi
# Bit 21 of the capabilities is the right to mount, which only a privileged container has.
capabilities=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
if [ $((0x$capabilities >> 21 & 1)) = 0 ]; then
    if [ "${1:-}" = --if-allowed ]; then
        exit 0
    fi
    fail "an engine needs privileged mode: switch it on in the CodeBuild project, or run with docker run --privileged"
fi

# A session of its own, so that it outlives the command of the buildspec that started it.
setsid dockerd >"$log" 2>&1 </dev/null &
engine=$!
seconds=0
while ! docker version >/dev/null 2>&1; do
    if ! kill -0 "$engine" 2>/dev/null || [ "$seconds" -ge 60 ]; then
        tail -n 20 "$log" >&2
        fail "the engine does not answer after $seconds s; the end of $log is above"
    fi
    sleep 1
    seconds=$((seconds + 1))
done
