"""`mem doctor`: a look at everything that Mem needs; doctor.py, which looks, is loaded only then."""

from dataclasses import asdict

import typer

from mem.cli import options, render
from mem.cli.options import Settings
from mem.cli.render import Cell, Column

STYLES = {"good": "", "doubtful": "match", "broken": "failure"}


def add_to(app: typer.Typer) -> None:
    """Make it a command of `app`."""
    app.command("doctor")(options.everywhere(doctor))


def doctor(settings: Settings) -> int:
    """Look at everything that Mem needs; exit status 1 when something is broken."""
    from mem.cli import doctor as examination

    findings = list(examination.examine(settings))
    broken = sum(finding.state == "broken" for finding in findings)
    if settings.json:
        render.data({"ok": not broken, "findings": [asdict(finding) for finding in findings]})
        return 1 if broken else 0
    columns = (Column("What"), Column("State"), Column("Found", wide=True))
    render.table(columns, [(f.what, Cell(f.state, STYLES[f.state]), f.detail) for f in findings])
    for finding in findings:
        if finding.fix:
            render.say(f"{finding.what}: {finding.fix}", STYLES[finding.state])
    doubtful = sum(finding.state == "doubtful" for finding in findings)
    if broken or doubtful:
        render.say(f"{broken} broken, {doubtful} doubtful.", "failure" if broken else "match")
    else:
        render.say("Everything is as it should be.")
    return 1 if broken else 0
