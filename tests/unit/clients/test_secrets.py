"""What must never be shown: values that were learned, and what looks like a secret."""

import html
import json
from collections.abc import Callable
from urllib.parse import quote

import markupsafe
import pytest

from erp_build.clients.secrets import MASK, Secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("mongodb://erp:pa55@mongo:27017/erp", f"mongodb://{MASK}@mongo:27017/erp", id="a URI"),
        pytest.param("mongodb://erp:pa/5@5@mongo/erp", f"mongodb://{MASK}@mongo/erp", id="a slash and an @ in it"),
        pytest.param("redis://:pa55@redis:6379", f"redis://{MASK}@redis:6379", id="a URI without user"),
        pytest.param('"a://u:p1@h", "b://u:p2@h"', f'"a://{MASK}@h", "b://{MASK}@h"', id="two URIs in JSON"),
        pytest.param("http://h:443/erp/a@sha256:1", "http://h:443/erp/a@sha256:1", id="a digest is no host"),
        pytest.param("https://x:ghp_abc@github.com/a", f"https://{MASK}@github.com/a", id="a clone"),
        pytest.param("jdbc:x?user=a&password=pa55&b=c", f"jdbc:x?user=a&password={MASK}&b=c", id="a parameter"),
        pytest.param("PASSWORD=pa55 next", f"PASSWORD={MASK} next", id="a variable"),
        pytest.param("token k8s-aws-v1.aHR0cHM6Ly9-_x end", f"token {MASK} end", id="a cluster's token"),
        pytest.param("?X-Amz-Signature=0a1B2c&x", f"?X-Amz-Signature={MASK}&x", id="a signature"),
        pytest.param("id AKIAIOSFODNN7EXAMPLE.", f"id {MASK}.", id="an access key"),
        pytest.param("https://mongo:27017/erp", "https://mongo:27017/erp", id="a port is no password"),
        pytest.param("erp@example.com: a@b", "erp@example.com: a@b", id="an address is no password"),
        pytest.param("결재 완료", "결재 완료", id="Korean"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_secret_is_known_by_its_looks(text: str, shown: str) -> None:
    assert Secrets().mask(text) == shown


def test_a_value_that_was_learned_is_masked_wherever_it_stands() -> None:
    secrets = Secrets()
    secrets.add("hunter2hunter2")
    assert secrets.mask("hunter2hunter2,xhunter2hunter2x") == f"{MASK},x{MASK}x"


def test_a_value_inside_another_does_not_uncover_the_rest() -> None:
    secrets = Secrets()
    secrets.add("secret")
    secrets.add("secret-and-more")
    assert secrets.mask("a secret-and-more b secret") == f"a {MASK} b {MASK}"


@pytest.mark.parametrize("name", ["password", "SPRING_DATASOURCE_PASSWORD", "secretKey", "namedToken"])
def test_a_setting_is_secret_by_its_name(name: str) -> None:
    secrets = Secrets()
    secrets.add_named(name, "hunter2hunter2")
    assert secrets.mask("it is hunter2hunter2") == f"it is {MASK}"


@pytest.mark.parametrize("name", ["secretName", "DB_SECRET_NAME", "username", "port"])
def test_the_name_of_a_secret_is_none(name: str) -> None:
    secrets = Secrets()
    secrets.add_named(name, "erp-database")
    assert secrets.mask('secret "erp-database" not found') == 'secret "erp-database" not found'


@pytest.mark.parametrize("value", ["", "dev", "erp", "12345"])
def test_a_short_value_would_mask_half_the_log(value: str) -> None:
    secrets = Secrets()
    secrets.add(value)
    assert secrets.mask(f"erp dev 12345 {value}") == f"erp dev 12345 {value}"


def test_a_value_is_text_and_no_pattern() -> None:
    secrets = Secrets()
    secrets.add(".*(secret")
    assert secrets.mask("abc .*(secret") == f"abc {MASK}"


@pytest.mark.parametrize("value", ['pa"ss\\word', "line\nend-of-it", "비밀번호입니다", "p@ss/word+x"])
def test_a_value_is_masked_as_json_and_uris_write_it_too(value: str) -> None:
    secrets = Secrets()
    secrets.add(value)
    written = [json.dumps({"v": value}), json.dumps({"v": value}, ensure_ascii=False), quote(value, safe="")]
    assert [secrets.mask(text) for text in written] == [f'{{"v": "{MASK}"}}', f'{{"v": "{MASK}"}}', MASK]


@pytest.mark.parametrize("write", [html.escape, markupsafe.escape], ids=["JUnit", "the page"])
def test_a_value_is_masked_as_xml_and_html_write_it_too(write: Callable[[str], str]) -> None:
    secrets = Secrets()
    value = "p<w&d'\"x>"
    secrets.add(value)
    assert secrets.mask(f"<b>{write(value)}</b>") == f"<b>{MASK}</b>"
