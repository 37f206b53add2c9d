"""Programs that write a value somewhere: each in its own form, by another's code than the mask's."""

import base64
import json
import re
import shlex
import xml.sax.saxutils as xml
from collections.abc import Callable
from html import escape
from urllib.parse import quote, quote_plus, urlencode

import markupsafe

Writer = Callable[[str], str]

WRITERS: dict[str, Writer] = {
    "as it is": str,
    "stripped": str.strip,
    "in a line": lambda value: f"2026-11-28 ERROR cannot sign in with {value}: refused",
    "a line at a time": lambda value: "\n".join(f"[INFO] {line}" for line in value.splitlines()),
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 behind a user": lambda value: base64.b64encode(f"AWS:{value}".encode()).decode(),
    "base64 behind a longer user": lambda value: base64.b64encode(f"erp:x{value}!".encode()).decode(),
    "base64 of URLs": lambda value: base64.urlsafe_b64encode(f"a{value}".encode()).decode(),
    "base64 in lines": lambda value: base64.encodebytes(value.encode()).decode(),
    "a URL's part": lambda value: quote(value, safe=""),
    "a URL's path": quote,
    "a form": quote_plus,
    "a query": lambda value: urlencode({"password": value}),
    "an address": lambda value: f"mongodb://erp:{quote(value, safe='')}@mongo:27017/erp",
    "JSON": json.dumps,
    "JSON with its own letters": lambda value: json.dumps({"a": [value]}, ensure_ascii=False),
    "JSON in JSON": lambda value: json.dumps({"log": json.dumps({"a": value})}),
    "JSON of Java": lambda value: re.sub(
        r"\\u[0-9a-f]{4}", lambda found: "\\u" + found[0][2:].upper(), json.dumps({"a": value})
    ),
    "Python": repr,
    "Python's bytes": lambda value: repr(value.encode()),
    "Python's ASCII": lambda value: ascii({"a": value}),
    "a shell's word": shlex.quote,
    "a shell's variable": lambda value: f"export A={shlex.quote(value)}",
    "HTML": escape,
    "a template": lambda value: str(markupsafe.escape(value)),
    "XML": xml.escape,
    "hexadecimal digits": lambda value: value.encode().hex(),
}
"""What writes -> how."""
