"""What the API's own description allows, and what it does not, is answered as it describes."""

import time

import schemathesis

from benchmarks import fuzz_api
from mem import config as mem_config
from mem.memory import open_memory
from mem.ops import tokens

SEED = 1
SECONDS = 90.0


def test_answers_are_those_that_are_described(tmp_path):
    facts = fuzz_api.settings(tmp_path / "data")
    with open_memory(mem_config.load(facts, environ={})) as memory:
        tokens.create(memory, name="reader", scopes=["read"])
        with fuzz_api.server(memory) as (schema, url, key):
            until = time.monotonic() + SECONDS
            asked = list(fuzz_api.ask(schema, url, {"Authorization": f"Bearer {key}"}, 4, SEED, until))
    assert len(asked) > 150
    assert not [one for one in asked if one[1]]


def test_an_answer_that_is_not_described_is_told(live):
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Mem", "version": "0"},
        "paths": {"/healthz": {"get": {"responses": {"418": {"description": "Never"}}}}},
    }
    schema = schemathesis.openapi.from_dict(document)
    (told, *_) = fuzz_api.ask(schema, str(live.base_url), {}, 2, SEED, time.monotonic() + SECONDS)
    assert told[0] == "GET /healthz"
    assert "418" in told[1]
