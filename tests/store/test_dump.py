"""What the programs of PostgreSQL are told, and what of it every user of the machine can see."""

import pytest

from mem.store import dump

# Writes down how it was called, and what the file says in which it is to find the password.
PROGRAM = """#!/bin/sh
folder=$(dirname "$0")
echo "$@" > "$folder/told"
path=$(echo "$1" | sed -n 's/.*passfile=\\(%2F[A-Za-z0-9%]*\\).*/\\1/p' | sed 's/%2F/\\//g')
[ -z "$path" ] || { cat "$path" > "$folder/secret"; stat -L -c %a "$path" >> "$folder/secret"; }
for word in "$@"; do case "$word" in --file=*) touch "${word#--file=}";; esac; done
"""


@pytest.mark.parametrize(
    ("url", "address", "secret"),
    [
        ("postgresql://ann:hun%3Ater2@db:5432/mem", "postgresql://ann@db:5432/mem?", "hun\\:ter2"),
        ("postgresql:///mem?host=/run/pg&password=hunter2", "postgresql:///mem?host=%2Frun%2Fpg&", "hunter2"),
        ("postgresql://ann@db/mem?sslmode=require", "postgresql://ann@db/mem?sslmode=require ", None),
    ],
)
def test_no_password_stands_on_a_command_line(tmp_path, url, address, secret):
    program = tmp_path / "pg_dump"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    dump.write(url, tmp_path / "out", snapshot=None, bin_folder=tmp_path)
    told = (tmp_path / "told").read_text()
    assert told.startswith(f"--dbname={address}")
    assert "ter2" not in told
    if secret is None:
        assert not (tmp_path / "secret").exists()
    else:
        assert (tmp_path / "secret").read_text() == f"*:*:*:*:{secret}\n600\n"
