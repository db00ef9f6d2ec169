"""Makes the reference pages from the code: `python docs/generate.py`, or `--check` to compare only.

docs/configuration.md from the settings, docs/errors.md from the error tree, docs/metrics.md from
the declared metrics, docs/commands.md from the command line, docs/http.md and types/shapes.d.ts from the
OpenAPI, and the list of decisions.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import shapes
import typer.main
from prometheus_client.metrics import MetricWrapperBase
from pydantic_core import PydanticUndefined

from mem import config, errors, observe

HERE = Path(__file__).parent
EVERYWHERE = {"--help", "--data-dir", "--json", "--set"}
SIZES = ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"))


def size(value: int) -> str:
    for unit, name in SIZES:
        if value >= unit and value % unit == 0:
            return f"{value // unit} {name}"
    return str(value)


def configuration() -> Iterator[str]:
    yield "# Configuration\n"
    yield "Read once at start. Later wins: defaults, `config.yaml` in the data directory, `config.yaml` in"
    yield "the working directory, the environment (`MEM_SECTION__KEY`, for example"
    yield "`MEM_CAPTURE__FRAME__INTERVAL_SECONDS=10`; the data directory is `MEM_DATA_DIR`), the command"
    yield "line (`--data-dir`, `--set key=value`). An unknown key ends with exit status 78 and the nearest"
    yield "known name.\n"
    yield "| key | default | what it sets |"
    yield "|---|---|---|"
    for key, field in config.settings():
        default = field.default
        if default is PydanticUndefined or default is None or default == ():
            shown = "none"
        elif "bytes" in (field.description or "").lower() and isinstance(default, int):
            shown = size(default)
        else:
            shown = str(default)
        yield f"| `{key}` | {shown} | {field.description} |"


def tree(root: type[errors.MemError]) -> Iterator[type[errors.MemError]]:
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


def error_codes() -> Iterator[str]:
    yield "# Error codes\n"
    yield "Over HTTP every error is `application/problem+json` with its `code`; the command line prints the"
    yield "sentence and what to do, and ends with the exit status.\n"
    yield "| code | HTTP | exit | tried again | meaning | what to do |"
    yield "|---|---|---|---|---|---|"
    for cls in sorted(set(tree(errors.MemError)), key=lambda cls: cls.code):
        meaning = " ".join((cls.__doc__ or "").split())
        again = "no" if cls.permanent else "yes"
        yield f"| `{cls.code}` | {cls.status} | {cls.exit_status} | {again} | {meaning} | {cls.hint} |"


def metrics() -> Iterator[str]:
    yield "# Metrics\n"
    yield "`GET /metrics` answers in the Prometheus text format.\n"
    yield "| metric | kind | labels | meaning |"
    yield "|---|---|---|---|"
    declared = [value for value in vars(observe).values() if isinstance(value, MetricWrapperBase)]
    for metric in sorted(declared, key=lambda metric: metric._name):
        name = metric._name + ("_total" if metric._type == "counter" else "")
        labels = ", ".join(metric._labelnames) or "-"
        yield f"| `{name}` | {metric._type} | {labels} | {metric._documentation} |"


def commands() -> Iterator[str]:
    from mem.cli.app import app

    yield "# Commands\n"
    yield "Every command takes `--data-dir`, `--set key=value` and `--help`; every one that prints data takes"
    yield "`--json`. Exit status: 0 done, 1 failed, 2 usage, 70 the database must be reopened, 75 locked by"
    yield "another process, 78 bad configuration.\n"
    yield from _command(typer.main.get_command(app), "mem")


def _command(command, path: str) -> Iterator[str]:
    children = getattr(command, "commands", {})
    if path != "mem" and not children:
        parameters = [p for p in command.params if not getattr(p, "hidden", False)]
        arguments = [p for p in parameters if p.param_type_name == "argument"]
        words = " ".join((p.metavar or p.name or "").upper() for p in arguments)
        yield f"## `{path} {words}`".replace(" `", "`").replace("##`", "## `")
        yield f"\n{(command.help or '').strip()}\n"
        for p in parameters:
            if p.param_type_name == "option" and not EVERYWHERE & set(p.opts):
                yield f"- `{', '.join(p.opts)}`: {p.help or ''}"
        yield ""
    for name in sorted(children):
        yield from _command(children[name], f"{path} {name}")


def http() -> Iterator[str]:
    from mem.api.app import create_app

    yield "# HTTP\n"
    yield "The running server shows the same, with schemas, at `/docs`.\n"
    yield "| method | path | what it does |"
    yield "|---|---|---|"
    for path, operations in create_app().openapi()["paths"].items():
        for method, operation in operations.items():
            summary = (operation.get("description") or operation.get("summary") or "").split("\n\n")[0]
            yield f"| {method.upper()} | `{path}` | {' '.join(summary.split())} |"


def declarations() -> Iterator[str]:
    from mem.api.app import create_app

    yield from shapes.declarations(create_app().openapi())


def decisions() -> Iterator[str]:
    yield "# Decisions\n"
    yield "Why it is as it is, with the facts that decided it.\n"
    for file in sorted((HERE / "decisions").glob("0*.md")):
        title = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        yield f"- [{title}]({file.name})"


PAGES = {
    "decisions/README.md": decisions,
    "configuration.md": configuration,
    "errors.md": error_codes,
    "metrics.md": metrics,
    "commands.md": commands,
    "http.md": http,
    "../types/shapes.d.ts": declarations,
}


def main() -> int:
    stale = []
    for name, lines in PAGES.items():
        file, text = HERE / name, "\n".join(lines()).rstrip() + "\n"
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in sys.argv:
                file.write_text(text, encoding="utf-8")
    did = "is stale" if "--check" in sys.argv else "made"
    print("\n".join(f"{name} {did}" for name in stale) or "all fresh")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
