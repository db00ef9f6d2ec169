"""The ways the application is run."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import uvicorn

from mem.api import app
from mem.config import Config
from mem.errors import AddressTaken, Locked

from .test_jobs import wait_for

SERVE = """
from mem import config
from mem.api import app
app.serve(config.load({{"data_dir": {folder!r}, "api.port": 0, "storage.min_free_bytes": 0}}, environ={{}}))
"""


@pytest.fixture
def served(tmp_path: Path):
    folder = tmp_path / "data"
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE.format(folder=str(folder))], stderr=subprocess.PIPE, cwd=tmp_path
    )
    try:
        wait_for(lambda: (folder / "server.json").exists() or process.poll() is not None, 60)
        yield process, folder
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def facts(folder: Path) -> dict:
    return json.loads((folder / "server.json").read_text())


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_a_server_says_where_it_is_to_its_owner_only_and_takes_it_back(served):
    process, folder = served
    told = facts(folder)
    assert told["pid"] == process.pid
    assert stat.S_IMODE((folder / "server.json").stat().st_mode) == 0o600
    wait_for(lambda: answers(told["url"]), 30)
    headers = {"Authorization": f"Bearer {told['key']}"}
    assert httpx.get(f"{told['url']}/api/jobs", headers=headers).status_code == 200
    with httpx.stream("GET", f"{told['url']}/api/events"):  # an open stream does not hold it up
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert process.wait(20) == 0
        assert time.monotonic() - began < 8
    assert not (folder / "server.json").exists()


def test_a_second_process_is_told_who_holds_the_memory(served):
    process, folder = served
    wait_for(lambda: answers(facts(folder)["url"]), 30)
    config = Config(data_dir=folder)
    with pytest.raises(Locked, match=str(process.pid)), app.running(config, worker=False):
        pass


def test_a_server_killed_outright_leaves_a_file_that_the_next_one_replaces(served, config):
    process, folder = served
    before = facts(folder)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert facts(folder) == before
    with app.running(Config(data_dir=folder), worker=False) as (url, _):
        assert answers(url)


def test_a_port_in_use_is_said(config):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        busy = config.model_copy(update={"api": config.api.model_copy(update={"port": port})})
        with pytest.raises(AddressTaken, match=str(port)):
            app.serve(busy)


def test_the_application_runs_for_a_block_and_is_gone_after_it(config):
    with app.running(config, worker=True) as (url, key):
        assert answers(url)
        assert httpx.get(f"{url}/api/jobs", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    assert not answers(url)
    with app.running(config, worker=False) as (url, _):
        assert answers(url)


def test_any_asgi_server_runs_the_module_wide_application(tmp_path):
    environment = {**os.environ, "MEM_DATA_DIR": str(tmp_path / "data"), "MEM_STORAGE__MIN_FREE_BYTES": "0"}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "mem.api.app:app", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}"), 60)
        with httpx.stream("GET", f"http://127.0.0.1:{port}/api/events"):
            process.send_signal(signal.SIGINT)
            process.wait(20)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_it_listens_for_them_stops_a_server(number):
    server = uvicorn.Server(uvicorn.Config(app.app))
    with app._told(server):
        signal.raise_signal(number)
    assert server.should_exit
