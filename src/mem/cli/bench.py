"""`mem bench`: how fast this machine is at what Mem does."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from mem import bench
from mem.bench import Measure, report
from mem.cli import options, render
from mem.cli.options import Settings
from mem.cli.render import Column

_LINE_SECONDS = 5.0  # between two lines that say what is going on

Name = Annotated[
    str,
    typer.Argument(metavar="NAME", help=f"What to measure: {', '.join(bench.NAMES)}.", show_default=False),
]
Quick = Annotated[bool, typer.Option("--quick", help="Measure the same things on less, within 50 s.")]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write the report here as well.")
]


def add_to(app: typer.Typer) -> None:
    """Make it a command of `app`."""
    app.command("bench")(options.everywhere(measure))


def measure(settings: Settings, name: Name, quick: Quick = False, output: Output = None) -> None:
    """Measure how fast this machine is, in a temporary folder and without touching your data.

    Without --quick a report in Markdown follows.
    """
    measures = bench.run(name, quick=quick, tell=_teller(), data=settings.folder)
    text = report.markdown(name, measures, quick=quick)
    if output is not None:
        output.write_text(text, encoding="utf-8")
    if settings.json:
        render.data(report.plain(measures))
    elif quick:
        _table(measures)
    else:
        _table(measures)
        render.say("")
        for line in text.splitlines():
            render.say(line)


def _table(measures: list[Measure]) -> None:
    columns = (
        Column("Measure"),
        Column("Value", right=True),
        Column("Unit"),
        Column("Target", right=True),
        Column("Met"),
        Column("How", wide=True),
    )
    render.table(columns, [(*report.row(one), one.how) for one in measures])


def _teller() -> bench.Tell:
    """What says on stderr, now and then, what is going on."""
    spoken = 0.0

    def tell(text: str) -> None:
        nonlocal spoken
        if time.monotonic() - spoken >= _LINE_SECONDS:
            spoken = time.monotonic()
            sys.stderr.write(f"{text}\n")

    return tell
