"""The record of a release: Helm keeps each revision in a Secret, as base64 of gzipped JSON."""

import base64
import gzip

MAX_RECORD = 1024 * 1024
"""Bytes that the API server takes as the data of a Secret."""


def record_size(release: str) -> int:
    """The bytes that a release takes as Helm keeps it.

    Args:
        release: the release as JSON, with its chart, as a dry run prints it. Secrets that it hides come on top.
    """
    # Helm compresses as well as gzip can (pkg/storage/driver, encodeRelease).
    return len(base64.b64encode(gzip.compress(release.encode(), compresslevel=9)))
