"""Printing: tables and colour on a terminal, plain aligned lines in a pipe, JSON where asked.

rich is loaded on a terminal only, since a pipe needs none of it and start-up is felt.
"""

import json
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

# Between the page's dark and light tones, so that they read on either background.
COLOURS: Mapping[str, str] = {
    "match": "bold #d9962b",
    "speech": "#5c8fc4",
    "screen": "#4f9d7c",
    "note": "#a07ab8",
    "failure": "#d0564d",
    "quiet": "dim",
    "strong": "bold",
    "": "",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A text with a colour that means something, and the character ranges in it that matched."""

    text: str
    style: str = ""
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column; one that is `wide` takes what room is left and wraps."""

    title: str
    right: bool = False
    wide: bool = False


Row = Sequence[Cell | str | int | None]
_CONTROLS = ("Cc", "Zl", "Zp", "Cs")
_TURNS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"


def clean(text: str) -> str:
    """The text with every control and bidirectional character made a space; keeps the length.

    Names and speech come from files that anybody may have made, and a terminal obeys what it is sent.
    """
    return "".join(" " if c in _TURNS or unicodedata.category(c) in _CONTROLS else c for c in text)


def cell(value: Cell | str | int | None) -> Cell:
    """Whatever stands in a row, as a cell that is safe to print."""
    if isinstance(value, Cell):
        return Cell(clean(value.text), value.style, value.marks)
    return Cell("" if value is None else clean(str(value)))


def is_terminal(stream: TextIO | None = None) -> bool:
    """Whether a person looks at the stream (stdout unless said)."""
    return (stream or sys.stdout).isatty()


def console(stream: TextIO | None = None) -> "Console":
    """The terminal that `stream` (stdout unless said) leads to."""
    from rich.console import Console
    from rich.theme import Theme

    class Terminal(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    theme = Theme({f"mem.{name}": style for name, style in COLOURS.items() if name})
    return Terminal(file=stream or sys.stdout, theme=theme, highlight=False)


def rich_text(value: Cell) -> "Text":
    """The cell for a terminal: its colour, and the accent on what matched."""
    from rich.text import Text

    text = Text(value.text, style=f"mem.{value.style}" if value.style else "")
    for start, end in value.marks:
        text.stylize("mem.match", start, end)
    return text


def data(body: object) -> None:
    """Print the value as JSON."""
    _write(json.dumps(body, ensure_ascii=False, indent=2))


def say(text: str = "", style: str = "") -> None:
    """Print one line."""
    _line(text, style, sys.stdout)


def remark(text: str, style: str = "") -> None:
    """Print one line about the work, not its result: to stderr."""
    _line(text, style, sys.stderr)


def _line(text: str, style: str, stream: TextIO) -> None:
    if style and is_terminal(stream):
        console(stream).print(rich_text(Cell(clean(text), style)), soft_wrap=True)
    else:
        _write(clean(text), stream)


def _write(line: str, stream: TextIO | None = None) -> None:
    target = stream or sys.stdout
    target.write(f"{line}\n")
    if target is sys.stderr:
        target.flush()


def table(columns: Sequence[Column], rows: Sequence[Row]) -> None:
    """Print rows under their column titles."""
    cells = [[cell(value) for value in row] for row in rows]
    if is_terminal():
        _terminal_table(columns, cells)
    else:
        for line in plain_lines(columns, cells):
            _write(line)


def zoned(title: str, zone: str) -> str:
    """The title of a column of times: names the zone, once above the table where a person looks."""
    if not is_terminal():
        return f"{title} ({zone})"
    say(f"Times in {zone}", "quiet")
    return title


def facts(title: str, pairs: Sequence[tuple[str, Cell | str | int | None]]) -> None:
    """Print named values: a panel on a terminal, aligned lines in a pipe."""
    cells = [(name, cell(value)) for name, value in pairs if value is not None]
    if is_terminal():
        _terminal_facts(title, cells)
        return
    if title:
        _write(clean(title))
    width = max((len(name) for name, _ in cells), default=0)
    for name, value in cells:
        _write(f"  {name:<{width}}  {value.text}".rstrip())


def plain_lines(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> Iterator[str]:
    """The table as lines without colour or tabs; the last column is as long as it is."""
    titles = [column.title.upper() for column in columns]
    texts = [titles, *([value.text for value in row] for row in rows)]
    widths = [max(_width(row[at]) for row in texts) for at in range(len(columns))]
    for row in texts:
        parts = [
            " " * (width - _width(text)) + text if column.right else text + " " * (width - _width(text))
            for text, width, column in zip(row, widths, columns, strict=True)
        ]
        yield "  ".join(parts).rstrip()


def _width(text: str) -> int:
    """Columns of a terminal that the text takes: CJK and emoji take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def _terminal_table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
    from rich import box
    from rich.table import Table

    view = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False, padding=(0, 1), show_edge=False)
    for column in columns:
        view.add_column(
            column.title,
            justify="right" if column.right else "left",
            no_wrap=not column.wide,
            overflow="fold" if column.wide else "ellipsis",
            ratio=1 if column.wide else None,
        )
    for row in rows:
        view.add_row(*(rich_text(value) for value in row))
    console().print(view)


def _terminal_facts(title: str, cells: Sequence[tuple[str, Cell]]) -> None:
    from rich import box
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in cells:
        grid.add_row(Text(name), rich_text(value))
    heading = Text(clean(title), style="bold") if title else None
    console().print(
        Panel(grid, title=heading, title_align="left", box=box.ROUNDED, border_style="dim", expand=False)
    )
