"""The benchmarks run, say what they found, and leave nothing behind."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from mem import bench
from mem.bench import Measure, api, questions, report, search, timing, year
from mem.bench.corpus import Corpus
from mem.errors import NotFound

MEASURES = [
    Measure(measure="time", value=2.5, unit="ms", target=3, how="once"),
    Measure(measure="rate", value=40_000, unit="a second", target=50_000, better="higher", how="once"),
    Measure(measure="said", value=1, unit="s", target=None, how="once"),
]
LESS = {"_QUICK_DAYS": 1, "_QUICK_PER_KIND": 2, "_QUICK_COUNT": 2, "_QUICK_CROWD_SECONDS": 0.2}


def test_a_target_is_met_from_its_better_side():
    assert [one.met for one in MEASURES] == [True, False, None]


def test_measures_as_json_and_markdown():
    assert json.loads(json.dumps(report.plain(MEASURES)))[0] == {
        "measure": "time", "value": 2.5, "unit": "ms", "target": 3, "met": True, "how": "once",
    }  # fmt: skip
    text = report.markdown("search", MEASURES, quick=True)
    assert "| rate | 40,000 | a second | at least 50,000 | no | once |" in text


def test_a_benchmark_finds_the_models_and_clips_of_the_data_directory(tmp_path, monkeypatch):
    (tmp_path / "models" / "base").mkdir(parents=True)
    seen = []

    def measure(quick, tell, folder):
        seen.extend(path.name for path in (folder / "models").iterdir())
        return MEASURES

    monkeypatch.setattr(bench.importlib, "import_module", lambda name: SimpleNamespace(measure=measure))
    assert bench.run("speech", quick=True, tell=print, data=tmp_path) == MEASURES
    assert seen == ["base"]
    assert (tmp_path / "models" / "base").is_dir()


def test_an_unknown_benchmark_names_those_there_are(tmp_path):
    with pytest.raises(NotFound, match="nothing") as refused:
        bench.run("nothing", quick=True, tell=print, data=tmp_path)
    assert "search, api" in refused.value.hint


def test_the_same_seed_says_the_same():
    assert [Corpus(5).sentence() for _ in range(20)] == [Corpus(5).sentence() for _ in range(20)]
    assert Corpus(5).sentence() != Corpus(6).sentence()
    assert questions.asked(3) == questions.asked(3)


def test_percentiles_are_of_the_sorted_times():
    assert timing.percentile([3, 1, 2, 4], 0.5) == 3
    assert timing.percentile([3, 1, 2, 4], 0.99) == 4


@pytest.mark.parametrize("module", [search, api])
def test_each_measures_and_says_how(module, tmp_path: Path, monkeypatch):
    for name, value in LESS.items():
        monkeypatch.setattr(module, name, value, raising=False)
    monkeypatch.setattr(api, "_CLIENTS", 2)
    monkeypatch.setattr(api, "_NEWS", 1)
    for name, value in (("SEGMENTS", 20), ("FRAMES", 10), ("LINES", 3)):
        monkeypatch.setattr(year, name, value)
    told: list[str] = []
    found = module.measure(True, told.append, tmp_path)
    assert told
    assert all(one.value >= 0 and one.unit and one.how for one in found)
    assert len({one.measure for one in found}) == len(found)
