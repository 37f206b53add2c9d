"""The secrets that a Dockerfile mounts, as BuildKit reads the mount."""

import pytest

from erp_build.formats.dockerfile.secret_mounts import secret_mounts


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("RUN --mount=type=secret,id=NPM_TOKEN npm ci\n", [(1, "NPM_TOKEN", False)]),
        ("FROM a\nRUN --mount=type=secret,id=A,required x\n", [(2, "A", True)]),
        ("RUN --mount=id=A,type=secret,required=true,env=A x\n", [(1, "A", True)]),
        ("RUN --mount=type=secret,id=A,required=false x\n", [(1, "A", False)]),
        # Without an id it is the last part of where it is mounted.
        ("RUN --mount=type=secret,target=/run/secrets/B x\n", [(1, "B", False)]),
        (
            "RUN --mount=type=cache,target=/c --mount=type=secret,id=A \\\n  --mount=type=secret,id=B x\n",
            [(1, "A", False), (1, "B", False)],
        ),
        ("RUN --mount=type=secret,id=$NAME x\n", []),
        ("RUN --mount=type=cache,target=/c x\nRUN echo --mount=type=secret,id=A\n", []),
    ],
)
def test_a_mount_has_an_id_and_may_be_required(text: str, found: list[tuple[int, str, bool]]) -> None:
    assert list(secret_mounts(text)) == found
