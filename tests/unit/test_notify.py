"""What systemd is told."""

import socket

import httpx
import pytest

from mem.api import notify
from mem.api.app import running


@pytest.fixture
def systemd(tmp_path, monkeypatch):
    """A socket that hears what a service says."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hearing:
        hearing.bind(str(tmp_path / "n"))
        hearing.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "n"))
        yield hearing


def test_a_server_says_when_it_is_ready_that_it_lives_and_when_it_stops(systemd, config):
    with running(config, worker=False) as (url, _):
        assert systemd.recv(99) == b"READY=1"
        assert systemd.recv(99) == b"WATCHDOG=1"
        assert httpx.get(f"{url}/healthz").status_code == 200
    assert systemd.recv(99) == b"STOPPING=1"


def test_without_systemd_nothing_is_said(monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert notify.tell("READY=1") is False


def test_a_name_without_a_file_is_heard_too(monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hearing:
        hearing.bind("\0mem-test-notify")
        monkeypatch.setenv("NOTIFY_SOCKET", "@mem-test-notify")
        assert notify.tell("READY=1")
        assert hearing.recv(99) == b"READY=1"


def test_a_socket_that_is_gone_stops_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    assert notify.tell("READY=1") is False
