"""`mem config`: what is set, and whether it can be used."""

from pathlib import Path

import typer

from mem import redact
from mem.cli import options, render, words
from mem.cli.options import Settings
from mem.cli.render import Cell, Column

app = typer.Typer(help="What is set, and whether it can be used.", no_args_is_help=True)


@app.command()
@options.everywhere
def show(settings: Settings) -> None:
    """Show every key, what it is set to (what differs from its default stands out) and what it means.

    From config.yaml in the data directory and in the working directory, MEM_SECTION__KEY in the
    environment, and --set; the later wins.
    """
    rows = values(settings)
    if settings.json:
        render.data({key: value for key, value, _, _ in rows})
        return
    columns = (Column("Key"), Column("Value"), Column("Default"), Column("Meaning", wide=True))
    lines = [
        (
            key,
            Cell(_text(value), "match" if value != default else ""),
            _text(default) if value != default else "",
            meaning,
        )
        for key, value, default, meaning in rows
    ]
    render.table(columns, lines)


@app.command()
@options.everywhere
def check(settings: Settings) -> None:
    """Say whether the configuration can be used; exit status 78 when it cannot."""
    rows = values(settings)
    differ = [key for key, value, default, _ in rows if value != default]
    if settings.json:
        render.data({"ok": True, "changed": differ})
    else:
        changed = f", {words.count(len(differ), 'differs', 'differ')} from the default" if differ else ""
        render.say(f"The configuration is good: {words.count(len(rows), 'key')}{changed}.")


def values(settings: Settings) -> list[tuple[str, object, object, str]]:
    """Every key with its value, its default and its meaning, as JSON holds them; secrets are hidden.

    Raises BadConfig.
    """
    from mem import config

    used = config.Config.model_dump(settings.config(), mode="json")
    usual = config.Config().model_dump(mode="json")
    usual["data_dir"] = str(Path("data").absolute())
    fields = config.settings()
    return [
        (key, redact.named(key, _at(used, key)), _at(usual, key), field.description or "")
        for key, field in fields
    ]


def _at(tree: object, key: str) -> object:
    for name in key.split("."):
        assert isinstance(tree, dict)
        tree = tree[name]
    return tree


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
