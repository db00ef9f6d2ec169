"""`mem worker`: a process that works on jobs beside the server."""

from typing import Annotated

import typer

from mem.cli import options
from mem.cli.options import Settings
from mem.errors import BadRequest

Kinds = Annotated[
    list[str] | None,
    typer.Option(
        "--kind",
        metavar="KIND",
        help="Only jobs of this kind: capture, rerun, screen; can be repeated.",
        show_default=False,
    ),
]
Concurrency = Annotated[
    int | None,
    typer.Option(
        "--concurrency",
        "-c",
        min=1,
        max=64,
        help="Jobs at once (default: jobs.concurrency).",
        show_default=False,
    ),
]


def add_to(app: typer.Typer) -> None:
    """Make it a command of `app`."""
    app.command("worker")(options.everywhere(worker))


def worker(settings: Settings, kind: Kinds = None, concurrency: Concurrency = None) -> None:
    """Work on jobs, until it is stopped: over PostgreSQL, in as many processes and machines as wanted.

    All of them use the data directory of the server. With `jobs.backend: celery` Redis wakes them.
    """
    config = settings.config()
    from mem import observe
    from mem.jobs import process
    from mem.store import jobs

    for name in kind or ():
        if name not in jobs.KINDS:
            raise BadRequest(f"There is no kind of job {name!r}.", hint=f"Kinds: {', '.join(jobs.KINDS)}.")
    kinds = tuple(name for name in jobs.KINDS if not kind or name in kind)
    observe.start_logging(config.logging.level, config.logging.format, config.logging.dir)
    process.run(config, threads=concurrency or config.jobs.concurrency, kinds=kinds)
