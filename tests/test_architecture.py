"""The shape of the code: what may import what, and where things may live. `make check` runs the layers."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src" / "mem"
FILES = sorted(SRC.rglob("*.py"))

# A module that may be imported in these places alone (path prefixes below src/mem).
ONLY_IN = {
    "fastapi": ("api/",),
    "starlette": ("api/",),
    "uvicorn": ("api/", "cli/"),
    "duckdb": ("store/duck.py", "store/duck_session.py"),
    "psycopg": ("store/postgres.py",),
    "psycopg_pool": ("store/postgres.py",),
    "pyrage": ("ops/backup/sealing.py",),
    "celery": ("jobs/celery.py",),
    "kombu": ("jobs/celery.py",),
    "redis": ("jobs/celery.py", "api/shared.py"),
    "tantivy": ("index/",),
    "av": ("media/", "bench/", "capture/see.py", "capture/hear.py", "cli/doctor.py"),
    "faster_whisper": ("speech/",),
    "rapidocr": ("ocr/rapid.py",),
    "obstore": ("objects/bucket.py",),
    "authlib": ("api/provider.py",),
    "joserfc": ("api/provider.py",),
    "typer": ("cli/",),
    "rich": ("cli/",),
    "subprocess": (
        "media/process.py",
        "media/sandbox.py",
        "store/blocks.py",
        "store/dump.py",
    ),
    "prometheus_client": ("observe.py", "api/system.py", "api/upkeep.py"),
}


def _place(file: Path) -> str:
    return file.relative_to(SRC).as_posix()


def _imports(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("module", ONLY_IN)
def test_an_outside_library_is_used_in_its_own_place_alone(module):
    users = {_place(file) for file in FILES if module in _imports(file)}
    assert not {place for place in users if not place.startswith(ONLY_IN[module])}


def test_a_server_and_its_worker_load_nothing_that_reads_pictures():
    heavy = "{'rapidocr', 'cv2', 'onnxruntime'}"
    code = f"import sys, mem.api.app, mem.jobs.worker; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_no_file_is_longer_than_400_lines():
    files = [file for kind in ("*.py", "*.js", "*.css", "*.html", "*.sql") for file in SRC.rglob(kind)]
    long = {_place(file): count for file in files if (count := len(file.read_text().splitlines())) > 400}
    assert not long


def test_sql_is_written_in_the_store_alone():
    sql = re.compile(r"""["'](?:select|insert into|update|delete from)\s+\w+""", re.IGNORECASE)
    found = {_place(f) for f in FILES if sql.search(f.read_text()) and not _place(f).startswith("store/")}
    assert not found


def test_the_environment_is_read_by_the_configuration_alone():
    """Failpoints, which are for tests, lie in the opening of the memory too, before there is one."""
    readers = {_place(file) for file in FILES if re.search(r"os\.(environ|getenv)", file.read_text())}
    assert readers <= {"config/__init__.py", "failpoints.py"}


def test_everything_is_caught_in_two_places_alone():
    broad = {_place(file) for file in FILES if re.search(r"except (Base)?Exception\b", file.read_text())}
    assert broad <= {"jobs/worker.py", "api/edge.py"}


def test_every_setting_is_read_somewhere():
    from mem import config

    text = "\n".join(file.read_text() for file in FILES if file.parent.name != "config")
    own = (SRC / "config" / "__init__.py").read_text()
    unread = set()
    for key, _ in config.settings():
        name = key.rsplit(".", 1)[-1]
        if not re.search(rf"\.{name}\b", text) and not re.search(rf"self\.(\w+\.)*{name}\b", own):
            unread.add(key)
    assert not unread
