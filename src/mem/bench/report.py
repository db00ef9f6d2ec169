"""Measures as JSON and as a page of Markdown."""

import os
import platform
from collections.abc import Sequence

import mem
from mem import types
from mem.bench import Measure


def plain(measures: Sequence[Measure]) -> list[dict[str, object]]:
    """What `mem bench --json` prints."""
    return [
        {
            "measure": one.measure,
            "value": one.value,
            "unit": one.unit,
            "target": one.target,
            "met": one.met,
            "how": one.how,
        }
        for one in measures
    ]


def row(one: Measure) -> tuple[str, str, str, str, str]:
    """Measure, value, unit, target and whether it is met, as texts."""
    sign = "" if one.target is None else ("at most " if one.better == "lower" else "at least ")
    met = {None: "", True: "yes", False: "no"}[one.met]
    return one.measure, _number(one.value), one.unit, sign + _number(one.target), met


def markdown(name: str, measures: Sequence[Measure], *, quick: bool) -> str:
    """The whole report."""
    python, load = platform.python_version(), os.getloadavg()[0]
    machine = f"Python {python}, {os.cpu_count()} CPUs, {platform.machine()}, load {load:.1f}"
    lines = [
        f"# mem bench {name}{' --quick' if quick else ''}",
        "",
        f"Mem {mem.__version__}, {types.now():%Y-%m-%d}, {machine}.",
        "",
        "| measure | value | unit | target | met | how |",
        "|---|---:|---|---:|---|---|",
        *(f"| {' | '.join((*row(one), one.how))} |" for one in measures),
    ]
    return "\n".join(lines) + "\n"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1_000 or value == int(value) else f"{value:,.2f}"
