"""The reference pages say what the code says."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_reference_pages_are_those_that_the_code_makes():
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}run `make docs`"


def test_every_dependency_has_its_reason():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    reasons = (ROOT / "docs/decisions/0001-dependencies.md").read_text()
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    names = {name.split(">")[0].split("=")[0].split("[")[0] for name in wanted}
    assert not {name for name in names if name.removeprefix("types-").split("-")[0] not in reasons}
