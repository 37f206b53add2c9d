"""The one error of the sandbox."""


class SandboxError(Exception):
    """Something of the sandbox does not work; the text says what, where and what to do next."""
