"""Secrets do not leave through what is shown."""

import pytest

from mem import redact

TOKEN = "mem_abcd2345_" + "x" * 43 + "_a1b2c3"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"token {TOKEN} used", TOKEN),
        (f"Authorization: Bearer {TOKEN}", "x" * 43),
        ("authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA=="),
        ("{'Cookie': 'mem_session=abcdef0123'}", "abcdef0123"),
        ("set-cookie: a=1; b=2", "b=2"),
        ("postgresql://mem:hunter2@db.example:5432/mem", "hunter2"),
        ("postgresql://mem:hun@ter2@db/mem", "ter2"),
        ("redis://:hunter2@redis:6379/0", "hunter2"),
        ("GET /x?token=hunter2&q=y", "hunter2"),
        ("host=db password=hunter2 dbname=mem", "hunter2"),
        ("host=db password='hunter 2' dbname=mem", "hunter 2"),
        ("postgresql://h/db?sslpassword=hunter2&x=1", "hunter2"),
        ("MEM_STORAGE__S3__SECRET_ACCESS_KEY=hunter2", "hunter2"),
        ("  secret_access_key: hunter2", "hunter2"),
        ("{'url_token': 'hunter2', 'a': 1}", "hunter2"),
        ('{"access_key_id":"hunter2"}', "hunter2"),
        ("https://s3.example/b/k?X-Amz-Credential=hunter2&X-Amz-Signature=hunter3", "hunter"),
        ("http://127.0.0.1:8000/#open=hunter2", "hunter2"),
        ("AGE-SECRET-KEY-1QQQQQQQQQQ", "1QQQQQQQQQQ"),
    ],
)
def test_a_secret_is_taken_out(text, secret):
    shown = redact.text(text)
    assert secret not in shown
    assert redact.HIDDEN in shown


@pytest.mark.parametrize(
    "text", ["stretch stored", "http://127.0.0.1:8000/api/jobs/3", "mem_jobs", "a basic idea", "x = 3"]
)
def test_ordinary_words_stay(text):
    assert redact.text(text) == text


def test_what_stands_under_the_name_of_a_secret_is_hidden():
    tree = {
        "database": {"url": "postgresql://u:p@h/d", "memory_limit": 5},
        "oidc": {"client_secret": "s", "access_token": "t", "password": None},
        "list": ["redis://:pw@h"],
    }
    assert redact.tree(tree) == {
        "database": {"url": "postgresql://[redacted]@h/d", "memory_limit": 5},
        "oidc": {"client_secret": redact.HIDDEN, "access_token": redact.HIDDEN, "password": None},
        "list": ["redis://[redacted]@h"],
    }
