"""`mem install`: what an operating system needs to know of Mem, written for this machine."""

import getpass
import grp
import pwd
import re
import sys
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from mem.cli import options, render
from mem.cli.options import Settings
from mem.errors import BadRequest, Unwritable

app = typer.Typer(help="Set Mem up as a service of this machine.", no_args_is_help=True)

_HOMES = ("/home", "/root", "/run/user")
_STATE, _LOGS = "/var/lib/mem", "/var/log/mem"

User = Annotated[
    str | None,
    typer.Option("--user", help="The user that runs it (default: you).", metavar="NAME", show_default=False),
]
To = Annotated[
    Path, typer.Option("--to", help="The folder to write the units into.", metavar="DIR", show_default=True)
]
Print = Annotated[bool, typer.Option("--print", help="Print the units and write nothing.")]
Logs = Annotated[
    Path | None, typer.Option("--logs", help="Folder for api.log and capture.log.", metavar="DIR")
]


@app.command()
@options.everywhere
def systemd(
    settings: Settings,
    user: User = None,
    logs: Logs = None,
    to: To = Path("/etc/systemd/system"),
    only_print: Print = False,
) -> None:
    """Write the units of the server, its backups and its upkeep, with the paths of this machine.

    They run this very installation on this data directory.
    """
    name = user or getpass.getuser()
    made = {file: _unit(text, name, settings.folder, logs) for file, text in _templates().items()}
    if settings.json:
        render.data({"units": made})
        return
    if only_print:
        for file, text in made.items():
            render.say(f"# ---- {file}")
            for line in text.splitlines():
                render.say(line)
            render.say()
        return
    _write(to, made)
    render.say(f"{len(made)} units are in {to}. Now, as root:")
    render.say("  systemctl daemon-reload")
    timers = " ".join(file for file in made if file.endswith(".timer"))
    render.say(f"  systemctl enable --now mem-api.service {timers}")
    render.say("Workers beside it, over PostgreSQL: systemctl enable --now mem-worker@1")


def program() -> Path:
    """The `mem` of this installation."""
    return Path(sys.executable).parent / "mem"


def _templates() -> dict[str, str]:
    folder = resources.files("mem") / "units"
    return {
        file.name: file.read_text(encoding="utf-8")
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
    }


def _unit(text: str, user: str, data: Path, logs: Path | None) -> str:
    """A template with this machine's user and places. Raises BadRequest for a user that is not there."""
    try:
        group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    except KeyError:
        raise BadRequest(
            f"There is no user {user!r}.", hint=f"Make it: useradd --system --home-dir {data} {user}"
        ) from None
    for place in (data, program(), logs):
        if place is not None and re.search(r"[\s%\"'\\]", str(place)):
            raise BadRequest(f"systemd cannot name {place}: it holds a space, a quote or a per cent sign.")
    text = text.replace("/opt/mem/.venv/bin/mem", str(program()))
    text = text.replace("User=mem\n", f"User={user}\n").replace("Group=mem\n", f"Group={group}\n")
    text = _place(text, _STATE, data, "StateDirectory")
    if logs is not None:
        text = _place(text, _LOGS, logs.expanduser().absolute(), "LogsDirectory")
    if _at_home(data) or _at_home(program()):
        text = text.replace("ProtectHome=yes\n", "ProtectHome=read-only\n")
    return text


def _place(text: str, usual: str, place: Path, directive: str) -> str:
    """Another folder than the one that systemd would make, which must then be there and writable."""
    if str(place) == usual:
        return text
    text = re.sub(rf"^{directive}Mode=.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(rf"^{directive}=.*\n", f"ReadWritePaths={place}\n", text, flags=re.MULTILINE)
    return text.replace(usual, str(place))


def _at_home(place: Path) -> bool:
    return any(place.is_relative_to(home) for home in _HOMES)


def _write(folder: Path, made: dict[str, str]) -> None:
    try:
        for file, text in made.items():
            part = folder / f".{file}.part"
            part.write_text(text, encoding="utf-8")
            part.chmod(0o644)
            part.replace(folder / file)
    except OSError as error:
        raise Unwritable(
            f"{folder} cannot be written: {error.strerror}.",
            hint="Run it as root, name another folder with --to, or see it with --print.",
        ) from None
