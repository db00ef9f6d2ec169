"""The program as a whole: options, errors, exit codes, pipes, and which server is used."""

import json
import os
import re
import subprocess
import sys

import pytest

from tests import fakes
from tests.cli import samples
from tests.cli.conftest import pure

OWN_MODEL = ("--set", "whisper.model=tiny.en")  # with it nobody asks the hub


def process(folder, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"MEM_DATA_DIR": str(folder), "TZ": "Europe/Berlin"} | environ
    command = [sys.executable, "-m", "mem", *words]
    return subprocess.run(command, env=env, cwd=folder.parent, capture_output=True, text=True, timeout=60)


def write_server_file(folder, pid: int) -> None:
    facts = {"pid": pid, "url": "http://127.0.0.1:9", "key": "k"}
    (folder / "server.json").write_text(json.dumps(facts))


def test_options_stand_before_or_behind_the_command(mem, api, folder):
    for words in (("--json", "sources"), ("sources", "--json"), ("sources", "list", "--json")):
        assert pure(mem(*words))["sources"]


def test_a_data_directory_that_was_named_is_named_in_the_commands_to_copy(mem, api, folder, tmp_path):
    (tmp_path / "v.mp4").write_text("x")
    said = mem("--data-dir", str(folder), "capture", str(tmp_path / "v.mp4")).stdout
    assert f"mem --data-dir {folder} timeline --from" in said
    assert "--data-dir" not in mem("capture", str(tmp_path / "v.mp4")).stdout


def test_help_names_every_command(mem):
    said = mem("--help").stdout
    names = "serve open capture search timeline frame transcript sources notes jobs config doctor"
    assert not [name for name in names.split() if not re.search(rf"\b{name}\b", said)]
    assert mem().stdout.strip() == said.strip()


def test_the_version_is_printed(mem):
    assert re.fullmatch(r"mem \d+\.\d+\.\d+\n", mem("--version").stdout)


@pytest.mark.parametrize(
    "words",
    [("nosuch",), ("capture",), ("sources", "nosuch"), ("jobs", "show", "x"), ("--set", "x", "sources")],
)
def test_a_usage_error_is_one_line_and_exit_2(mem, words):
    result = mem(*words)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("mem: ")
    assert "--help" in line


@pytest.mark.parametrize(
    ("code", "status", "exit_code"),
    [
        ("not_found", 404, 1),
        ("locked", 503, 75),
        ("database_failed", 503, 70),
        ("bad_time", 422, 2),
        ("not_known_here", 500, 1),
    ],
)
def test_the_code_of_a_problem_decides_the_exit_status(mem, api, code, status, exit_code):
    api.answers["GET /api/sources"] = (status, {"status": status, "code": code, "detail": "So it is."})
    result = mem("sources", "--json")
    assert result.exit_code == exit_code
    assert result.stdout == ""
    assert json.loads(result.stderr)["code"] == code


def test_fields_that_are_wrong_are_named(mem, api):
    errors = [{"field": "query.limit", "message": "too large", "code": "x"}]
    api.answers["GET /api/sources"] = (422, {"code": "invalid", "detail": "Invalid.", "errors": errors})
    assert "(query.limit: too large)" in mem("sources").stderr


def test_a_server_that_breaks_off_is_said_in_one_line(mem, folder):
    with fakes.serving(folder) as api:
        api.answers["GET /api/sources"] = b"this is not JSON"
        result = mem("sources")
    assert result.exit_code == 1
    assert "is not Mem" in result.stderr


def test_settings_for_a_running_server_are_said_to_have_no_effect(mem, api):
    result = mem("--set", "whisper.model=base", "sources")
    assert result.exit_code == 0
    assert "whisper.model has no effect" in result.stderr


def test_a_link_that_signs_in_once_is_printed(mem, api):
    api.answers["POST /api/session/link"] = (201, {"path": "/#open=code"})
    assert mem("open").stdout == f"{api.url}/#open=code\n"
    told = pure(mem("open", "--json"))
    assert (told["url"], told["link"]) == (api.url, f"{api.url}/#open=code")


def test_a_server_file_of_a_dead_process_is_ignored(mem, folder):
    folder.mkdir()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    write_server_file(folder, gone.pid)
    result = mem("open")
    assert result.exit_code == 1
    assert "No server runs" in result.stderr


def test_a_server_file_whose_process_number_lives_on_without_listening_is_ignored(mem, folder):
    folder.mkdir()
    write_server_file(folder, os.getpid())
    assert mem("open").exit_code == 1
    (folder / "server.json").write_text("{half")
    assert mem("open").exit_code == 1


def test_a_second_server_on_the_same_data_is_75_and_names_the_first(mem, api):
    result = mem("serve")
    assert result.exit_code == 75
    assert f"process {os.getpid()}" in result.stderr


def test_a_reader_that_goes_away_is_no_error(api, folder):
    rows = [samples.source(id=number, name=f"{number}.mp4") for number in range(2000)]
    api.answers["GET /api/sources"] = {"sources": rows, "cursor": None}
    env = os.environ | {"MEM_DATA_DIR": str(folder)}
    command = f"{sys.executable} -m mem sources list --limit 5000 | head -n 1"
    done = subprocess.run(command, shell=True, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


def test_python_dash_m_runs_the_same_program(api, folder, tmp_path):
    assert process(folder, "sources").stdout.splitlines()[1].split()[0] == "3"
    (tmp_path / "v.mp4").write_text("x")
    env = os.environ | {"MEM_DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "mem.capture", str(tmp_path / "v.mp4"), "--json"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout)["captures"][0]["job"]["state"] == "done"


def test_an_output_that_cannot_show_a_character_does_not_fail(api, folder):
    api.answers["GET /api/sources"] = {"sources": [samples.source(name="Gruß 日本.mp4")], "cursor": None}
    done = process(folder, "sources", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "Gru" in done.stdout


def test_nothing_heavy_is_loaded_to_ask_a_running_server(api, folder):
    code = (
        "import sys; from mem.cli.app import app\n"
        "try: app(['search', 'invoice'])\n"
        "except SystemExit: pass\n"
        "print([m for m in sys.modules if m.split('.')[0] in"
        " {'fastapi', 'uvicorn', 'av', 'duckdb', 'yaml', 'httpx', 'numpy', 'rich'}], file=sys.stderr)"
    )
    env = os.environ | {"MEM_DATA_DIR": str(folder)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60)
    assert "invoice" in done.stdout
    assert done.stderr.strip() == "[]"


def test_doctor_finds_a_good_server_and_says_which_model(mem, api, folder):
    folder.chmod(0o700)
    (folder / "mem.duckdb").touch()
    api.answers["GET /api/status"] = {
        "status": "ok",
        "reasons": [],
        "database": {"engine": "duckdb", "size_bytes": 1024},
        "frames": {"kept": 5, "samples": 60, "dropped_share": 0.9},
        "stored": {"reel_saved_bytes": 0},
    }
    body = pure(mem("doctor", "--json", "--set", "storage.min_free_bytes=0", *OWN_MODEL))
    found = {finding["what"]: finding for finding in body["findings"]}
    assert found["Server"]["detail"].startswith(f"runs at {api.url}")
    assert "PyAV" in found["FFmpeg"]["detail"]
    assert "Europe/Berlin" in found["Time zone"]["detail"]
    assert "duckdb" in found["Database"]["detail"]
    assert found["Speech model"]["state"] != "broken"


def test_doctor_says_what_is_broken_and_how_to_mend_it(mem, folder):
    result = mem("doctor", "--set", "storage.min_free_bytes=1000TiB", *OWN_MODEL)
    assert result.exit_code == 1
    assert "Free space" in result.stdout
    assert "lower storage.min_free_bytes" in result.stdout


def test_doctor_says_what_holds_the_decoding(mem):
    findings = {one["what"]: one for one in pure(mem("doctor", "--json", *OWN_MODEL))["findings"]}
    assert "memory limit" in findings["Confinement"]["detail"]


def test_doctor_makes_no_directory(mem, folder):
    mem("doctor", "--set", "storage.min_free_bytes=0", *OWN_MODEL)
    assert not folder.exists()
