"""What counts as a secret in plain text: by the name of a setting, or by the looks of its value."""

import pytest

from erp_build.clients.secrets import looks_secret


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "hunter2-hunter2"),
        ("dbPassword", "비밀번호입니다"),
        ("API_TOKEN", "0123456789"),
        ("apiKey", "abcdef123456"),
        ("uri", "mongodb://erp:hunter2@db:27017/erp"),
        ("note", "AKIAIOSFODNN7EXAMPLE"),
        ("pem", "-----BEGIN RSA PRIVATE KEY-----\nMII"),
    ],
)
def test_a_secret_is_one(name: str, value: str) -> None:
    assert looks_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("secretName", "erp-database"),
        ("passwordSecretRef", "erp-database"),
        ("tokenPath", "/var/run/secrets/token"),
        ("privateKeyFile", "/etc/tls/key"),
        ("secretArn", "arn:aws:secretsmanager:x"),
        ("tokenExpirationSeconds", "864000"),
        ("secretStore", "aws-secrets-manager"),
        ("password", ""),
        ("password", "short"),
        ("password", "{{ .Values.password }}"),
        ("password", "${PASSWORD}"),
        ("password", "arn:aws:secretsmanager:x"),
        ("automountServiceAccountToken", "false"),
        ("repository", "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/erp/a"),
        ("uri", "mongodb://db:27017/erp"),
        ("image", "https://host:5000/name@sha256:0123"),
    ],
)
def test_what_only_speaks_of_one_is_none(name: str, value: str) -> None:
    assert not looks_secret(name, value)
