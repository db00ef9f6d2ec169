"""What every command can be told: where the data lies, how to print, what to set for this once."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec

import typer

if TYPE_CHECKING:
    from mem.config import Config

P = ParamSpec("P")
DEFAULT_FOLDER = Path("data")
INTERRUPTED = 130  # exit status after Ctrl-C, as shells have it


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options that hold for every command."""

    data_dir: Path | None = None  # as given; None means ./data
    named: bool = False  # whether data_dir was written on the command line
    json: bool = False
    sets: tuple[tuple[str, str], ...] = ()

    @property
    def folder(self) -> Path:
        """The data directory, absolute."""
        return (self.data_dir or DEFAULT_FOLDER).expanduser().absolute()

    def config(self, **more: object) -> "Config":
        """The configuration as this command line has it; `more` uses __ for the dot, None is left out."""
        from mem import config

        extra = {key.replace("__", "."): value for key, value in more.items() if value is not None}
        return config.load({**dict(self.sets), "data_dir": self.folder, **extra})

    def command(self, words: str) -> str:
        """A command line for a person to copy, which works on the same data."""
        return f"mem --data-dir {self.data_dir} {words}" if self.named else f"mem {words}"


def _setting(text: str) -> str:
    key, equals, _ = text.partition("=")
    if not (key and equals):
        raise typer.BadParameter(f"{text!r} is not KEY=VALUE, for example whisper.model=base.")
    return text


DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="The data directory.", metavar="DIR", rich_help_panel="Everywhere"),
]
RootDataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", envvar="MEM_DATA_DIR", help="The data directory (default: data).", metavar="DIR"
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print JSON, and errors as problem+json.", rich_help_panel="Everywhere")
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        callback=lambda values: [_setting(text) for text in values or []],
        help="A configuration key for this once; can be repeated.",
        rich_help_panel="Everywhere",
    ),
]


def merged(given: Settings, data_dir: Path | None, json: bool, sets: list[str] | None) -> Settings:
    """The settings `given` before the command's name, with what stands after it laid over them."""
    pairs = tuple((key, value) for key, _, value in (text.partition("=") for text in sets or []))
    for key, value in pairs:
        if key == "data_dir":
            data_dir = data_dir or Path(value)
    return replace(
        given,
        data_dir=data_dir or given.data_dir,
        named=given.named or data_dir is not None,
        json=given.json or json,
        sets=given.sets + tuple(pair for pair in pairs if pair[0] != "data_dir"),
    )


def settings_of(context: typer.Context) -> Settings:
    """The settings given so far on this command line."""
    return context.obj if isinstance(context.obj, Settings) else Settings()


def everywhere(command: Callable[Concatenate[Settings, P], int | None]) -> Callable[..., int | None]:
    """The command with --data-dir, --json and --set added, called with the settings they make.

    A command answers its exit status, None for 0.
    """

    parameters = list(inspect.signature(command).parameters.values())[1:]
    wants_context = any(parameter.name == "context" for parameter in parameters)

    def run(*, context: typer.Context, **arguments: Any) -> int | None:
        shared = (arguments.pop(name) for name in ("data_dir", "as_json", "sets"))
        context.obj = merged(settings_of(context), *shared)
        if wants_context:
            arguments["context"] = context
        return command(context.obj, **arguments)  # type: ignore[call-arg]

    functools.update_wrapper(run, command)
    kind = inspect.Parameter.KEYWORD_ONLY
    own = [parameter.replace(kind=kind) for parameter in parameters if parameter.name != "context"]
    shared = [
        inspect.Parameter("context", kind, annotation=typer.Context),
        inspect.Parameter("data_dir", kind, annotation=DataDir, default=None),
        inspect.Parameter("as_json", kind, annotation=AsJson, default=False),
        inspect.Parameter("sets", kind, annotation=Sets, default=None),
    ]
    run.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]
    return run
