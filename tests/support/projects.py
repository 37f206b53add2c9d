"""Random configurations: what a user could write into erp-build.toml."""

import json
import unicodedata

from hypothesis import strategies as st

KOREAN = "알림"
SPELLINGS = [KOREAN, unicodedata.normalize("NFD", KOREAN)]
SEGMENTS = st.sampled_from(["a", "b", "a-v2", "inner", "two words", *SPELLINGS])
PATHS = st.lists(SEGMENTS, min_size=1, max_size=3).map("/".join)
PATTERNS = st.one_of(
    PATHS,
    PATHS.map(lambda path: f"{path}/**"),
    PATHS.map(lambda path: f"{path}/*"),
    st.sampled_from(["**/pom.xml", "*.md", "**", "a/*/b", f"**/{SPELLINGS[1]}/**", "?"]),
)
FILES = st.builds(lambda path, end: f"{path}{end}", PATHS, st.sampled_from(["", "/pom.xml", "/x", ".md"]))


@st.composite
def configurations(draw: st.DrawFn, *, most: int = 6) -> str:
    """The text of an erp-build.toml."""
    patterns = st.lists(PATTERNS, max_size=2)
    lines = [f"shared = {_list(draw(patterns))}", f"ignore = {_list(draw(patterns))}"]
    if draw(st.booleans()):
        lines.append('parameters = "/other"')
    for place, path in enumerate(draw(st.lists(PATHS, max_size=most))):
        lines += ["[[service]]", f'name = "s{place}"', f"path = {_text(path)}", f"inputs = {_list(draw(patterns))}"]
        if draw(st.booleans()):
            lines += ['kind = "lambda"', f'function = "f{place}"', 'dockerfile = "Dockerfile.lambda"']
    lines += ["[deploy]", f'on_failure = "{draw(st.sampled_from(["rollback", "keep"]))}"', 'lock_expires = "9s"']
    lines += ["[chart]", f"path = {_text(draw(PATHS))}", "[gate]", f'timeout = "{draw(st.integers(1, 999))}s"']
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _list(values: list[str]) -> str:
    return json.dumps(values, ensure_ascii=False)
