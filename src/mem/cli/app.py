"""The command `mem`: its options, its commands, and how an error leaves it."""

import dataclasses
import json
import os
import re
import sys
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn, TextIO

import typer
from typer.core import TyperGroup

import mem
from mem.cli import (
    backup,
    bench,
    capturing,
    checkup,
    db,
    deleting,
    exporting,
    frame,
    installing,
    jobs,
    maintenance,
    mcp,
    models,
    notes,
    opening,
    options,
    privacy,
    render,
    retention,
    searching,
    segments,
    serving,
    settings,
    sources,
    timeline,
    token,
    transcript,
    watching,
    worker,
)
from mem.cli.client import Refused
from mem.errors import DiskFull, MemError, no_room

BACK = re.compile(r"-(\d+(\.\d+)? ?[wdhms] ?)+")


class Program(TyperGroup):
    """The root command: one line for an error, and the exit status that belongs to it."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,  # noqa: ARG002
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: ARG002
        windows_expand_args: bool = True,  # noqa: ARG002
        **extra: Any,
    ) -> NoReturn:
        """Run the command line and exit: 0 done, 1 failed, 2 usage, 70, 75, 78 as INTERFACE says."""
        words = [_unlike_an_option(word) for word in (sys.argv[1:] if args is None else args)]
        as_json = "--json" in words
        for stream in (sys.stdout, sys.stderr):
            _never_refuse_a_character(stream)
        try:
            status = super().main(words, "mem", complete_var, standalone_mode=False, **extra)
            sys.stdout.flush()
        except MemError as error:
            _problem(as_json, error.code, error.detail, error.hint, error.status, error)
            status = error.exit_status
        except typer.TyperException as error:
            status = _usage(as_json, error)
        except typer.Abort:
            status = options.INTERRUPTED
        except BrokenPipeError:
            status = _nobody_reads()
        sys.exit(status if isinstance(status, int) else 0)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a reader that went away ends it without a word, as with other tools."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            return _nobody_reads()
        except OSError as error:
            if no_room(error):
                raise DiskFull from error
            raise


def _unlike_an_option(word: str) -> str:
    """A length of time such as -2h, written so that it is not taken for an option; times ignore the space."""
    return f" {word}" if BACK.fullmatch(word) else word


def _never_refuse_a_character(stream: TextIO) -> None:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def _nobody_reads() -> int:
    """Point stdout at nothing, so that the flush at exit does not complain either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _usage(as_json: bool, error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    hint = f"See `{context.command_path} --help`." if context is not None else "See `mem --help`."
    if type(error).__name__ != "NoArgsIsHelpError":
        detail = " ".join(error.format_message().split())
        _problem(
            as_json, "usage", detail if detail.endswith((".", "?", "!")) else f"{detail}.", hint, 400, error
        )
    return error.exit_code


def _problem(as_json: bool, code: str, detail: str, hint: str, status: int, error: Exception) -> None:
    if as_json:
        known = error.problem if isinstance(error, Refused) else {}
        told = {"type": "about:blank", "title": code.replace("_", " "), "status": status, **known}
        told |= {"detail": detail, "code": code} | ({"hint": hint} if hint else {})
        sys.stderr.write(json.dumps(told, ensure_ascii=False) + "\n")
    else:
        render.remark(" ".join(f"mem: {detail} {hint}".split()), "failure")


def _version(asked: bool) -> None:
    if asked:
        render.say(f"mem {mem.__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=Program,
    name="mem",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    data_dir: options.RootDataDir = None,
    as_json: options.AsJson = False,
    sets: options.Sets = None,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A memory of video by time: what was on screen, what was said, and when.

    Times are ISO 8601, "yesterday 14:00" or -2h; without a zone they are in yours.
    """
    source = context.get_parameter_source("data_dir")
    given = options.merged(options.Settings(), data_dir, as_json, sets)
    named = given.named and getattr(source, "name", "") == "COMMANDLINE"
    context.obj = dataclasses.replace(given, named=named)
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), nl=False)


for module in (serving, worker, opening, capturing, watching, searching):
    module.add_to(app)
for module in (timeline, frame, transcript, deleting, privacy, exporting):
    module.add_to(app)
for name, group in (("sources", sources), ("notes", notes), ("jobs", jobs), ("config", settings)):
    app.add_typer(group.app, name=name)
app.add_typer(token.app, name="token")
app.add_typer(retention.app, name="retention")
app.add_typer(segments.app, name="segments")
app.add_typer(models.app, name="models")
backup.add_to(app)
app.add_typer(db.app, name="db")
checkup.add_to(app)
maintenance.add_to(app)
app.add_typer(installing.app, name="install")
bench.add_to(app)
mcp.add_to(app)
