"""Rules and dashboard name metrics that are there."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from mem import observe

DEPLOY = Path(__file__).parents[2] / "deploy"
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}


def known() -> dict[str, set[str]]:
    """Every series that /metrics can have, with its labels."""
    found: dict[str, set[str]] = {}
    for metric in vars(observe).values():
        if isinstance(metric, MetricWrapperBase):
            for suffix in SUFFIXES[metric._type]:
                more = {"le"} if suffix == "_bucket" else set()
                found[metric._name + suffix] = set(metric._labelnames) | more
    return found


def rules() -> list[dict]:
    groups = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict]:
    return json.loads((DEPLOY / "grafana/mem.json").read_text())["panels"]


EXPRESSIONS = [rule["expr"] for rule in rules()] + [t["expr"] for p in panels() for t in p["targets"]]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_names_series_and_labels_that_exist(expression):
    series = known()
    for name, matchers in re.findall(r"\b(mem_\w+)(?:\{([^}]*)\})?", expression):
        assert name in series, name
        labels = set(re.findall(r"(\w+)\s*=~?", matchers))
        assert labels <= series[name], (name, labels)


def test_states_in_expressions_are_states():
    from mem import types

    states = {*types.ACTIVE_JOB_STATES, *types.ENDED_JOB_STATES}
    for expression in EXPRESSIONS:
        for given in re.findall(r'mem_jobs\w*\{state=~?"([^"]+)"', expression):
            assert set(given.split("|")) <= states


def test_every_alert_says_what_to_do():
    assert len(rules()) >= 12
    for rule in rules():
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["what_to_do"]
        assert rule["for"]


def test_the_dashboard_has_a_place_for_each_panel():
    places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in panels()]
    assert len(set(places)) == len(places)
    assert len({p["id"] for p in panels()}) == len(places)


def test_prometheus_itself_finds_nothing_wrong():
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (apt-get install prometheus); the names were checked above")
    folder = DEPLOY / "prometheus"
    for words in (("check", "rules", "alerts.yml"), ("check", "config", "prometheus.yml")):
        done = subprocess.run([promtool, *words], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
