"""The container: no engine is needed to see that its recipe is right and that what it makes runs."""

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from pathlib import Path

import httpx
import pytest
import yaml

from . import dockerfile

ROOT = Path(__file__).parents[2]
STAGES = dockerfile.read(ROOT / "Dockerfile")
NOBODY = 65534


def test_the_recipe_keeps_the_rules():
    assert dockerfile.faults(ROOT / "Dockerfile") == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("FROM python", "python has no version"),
        ("FROM python:3.12\nUSER root", "it runs as root"),
        ("FROM python:3.12\nENV API_TOKEN=x", "a secret stands in it"),
        ("FROM python:3.12\nCMD mem serve", "CMD runs a shell"),
        ("FROM python:3.12\nCOPY . /app", "COPY . takes everything"),
    ],
)
def test_the_rules_can_be_broken(tmp_path, line, fault):
    (tmp_path / "Dockerfile").write_text(line + "\n")
    assert fault in dockerfile.faults(tmp_path / "Dockerfile")


def test_hadolint_finds_nothing():
    hadolint = shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed; the rules above are held all the same")
    done = subprocess.run([hadolint, str(ROOT / "Dockerfile")], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_is_locked_unprivileged_and_keeps_its_data_outside():
    build, last = STAGES
    syncs = [rest for word, rest in build.steps if word == "RUN"]
    assert all("--locked" in rest and "--no-dev" in rest for rest in syncs)
    assert last.last("USER") == "10001:10001"
    assert last.last("VOLUME") == "/data"
    assert last.environment()["MEM_DATA_DIR"] == "/data"
    assert "curl" not in last.last("HEALTHCHECK")


def test_nothing_but_the_program_goes_into_the_context():
    out = dockerfile.ignored(ROOT / ".dockerignore")
    assert not any(
        map(out, ["pyproject.toml", "uv.lock", "src/mem/__init__.py", "deploy/docker/entrypoint.sh"])
    )
    assert all(map(out, [".git/config", "data/mem.duckdb", ".venv/bin/mem", "tests/conftest.py", ".env"]))
    assert out("src/mem/__pycache__/x.pyc")


def test_every_file_that_is_copied_is_in_the_context():
    out = dockerfile.ignored(ROOT / ".dockerignore")
    for stage in STAGES:
        for word, rest in stage.steps:
            if word == "COPY" and "--from" not in rest:
                for source in [each for each in rest.split() if not each.startswith("--")][:-1]:
                    assert (ROOT / source).exists(), source
                    assert not out(source), source


def test_the_services_of_compose_are_what_the_image_offers():
    services = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
    mem = services["services"]["mem"]
    assert mem["ports"] == ["127.0.0.1:8000:8000"]
    assert mem["volumes"] == ["mem-data:/data"]
    assert (ROOT / "deploy" / mem["build"]["context"]).resolve() == ROOT
    assert set(mem["volumes"][0].split(":")[:1]) <= set(services["volumes"])


def python() -> str:
    """An interpreter that an unprivileged user may run; this one may lie in somebody's home."""
    for found in (os.path.realpath("/usr/bin/python3"), "/usr/local/bin/python3"):
        probe = [found, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        if Path(found).exists() and subprocess.run(probe).returncode == 0:
            return found
    pytest.skip("no Python 3.11 or newer in /usr that another user may run")


def uv() -> str:
    found = shutil.which("uv") or str(ROOT / ".tools/bin/uv")
    if not Path(found).exists():
        pytest.skip("uv is not here: the image cannot be made")
    return found


@pytest.fixture(scope="module")
def image():
    """What the Dockerfile's steps make of a clean copy of the files that belong to the project."""
    if os.geteuid() != 0:
        pytest.skip("only root can start a process as another user")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("this is no checkout: there is no list of the project's files")
    folder = Path(tempfile.mkdtemp(prefix="mem-image-"))
    try:
        folder.chmod(0o755)
        context, root = folder / "context", folder / "root"
        out = dockerfile.ignored(ROOT / ".dockerignore")
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file() and not out(name):
                (context / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, context / name)
        tools = {"uv": uv(), "python": python(), "environment": {"UV_OFFLINE": "1"}}
        try:
            environment = dockerfile.build(STAGES, context, root, tools)
        except dockerfile.Unbuilt as error:
            if "network" in str(error) or "offline" in str(error).lower() or "cache" in str(error):
                pytest.skip(f"uv's cache does not hold what the lock names, and the network is off: {error}")
            raise
        subprocess.run(["chmod", "-R", "go+rX", str(root)], check=True)
        yield root, environment
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def as_nobody(*words: str) -> list[str]:
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs", *words]


def test_what_the_steps_make_runs_as_an_unprivileged_user(image):
    root, environment = image
    data = root / "data"
    data.mkdir(exist_ok=True)
    data.chmod(0o700)
    os.chown(data, NOBODY, NOBODY)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = {name: value.replace("/data", str(data)) for name, value in environment.items()}
    env |= {"MEM_API__PORT": str(port), "MEM_STORAGE__MIN_FREE_BYTES": "0", "MEM_WHISPER__MODEL": "tiny.en"}
    entry = str(
        root / dockerfile.words(STAGES[-1].last("ENTRYPOINT"))[0].replace("mem-", "usr/local/bin/mem-")
    )
    command = as_nobody(entry, *dockerfile.words(STAGES[-1].last("CMD")))
    with subprocess.Popen(command, env=env, cwd=data, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait(f"http://127.0.0.1:{port}/healthz", process)
            check = dockerfile.words(STAGES[-1].last("HEALTHCHECK"))
            check = [word.replace("/data", str(data)) for word in check]
            check[0] = str(root / "opt/mem/bin" / check[0])
            assert subprocess.run(as_nobody(*check), env=env, cwd=data).returncode == 0
            token = (data / "secrets/admin.token").read_text().strip()
            asked = {"headers": {"Authorization": f"Bearer {token}"}, "timeout": 20}
            status = httpx.get(f"http://127.0.0.1:{port}/api/status", **asked)
            assert status.status_code == 200, status.text
            process.send_signal(getattr(signal, STAGES[-1].last("STOPSIGNAL")))
            assert process.wait(40) == 0
        finally:
            process.kill()
        said = process.stderr.read()
    assert token not in said
    assert subprocess.run(as_nobody(*check), env=env, cwd=data).returncode == 1
    for file in [data, *data.rglob("*")]:
        facts = file.lstat()
        assert facts.st_uid == NOBODY, file
        assert not stat.S_IMODE(facts.st_mode) & 0o077, file


def wait(url: str, process: subprocess.Popen) -> None:
    limit = time.monotonic() + 90
    while time.monotonic() < limit:
        assert process.poll() is None, process.stderr.read()
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url, timeout=5).status_code == 200:
                return
        time.sleep(0.2)
    raise AssertionError("it did not answer")
