"""What the API's own description allows, and what it does not, is answered as it describes."""

from benchmarks import fuzz_api
from mem import config as mem_config
from mem.memory import open_memory
from mem.ops import tokens

SEED = 1
SECONDS = 90.0


def test_answers_are_those_that_are_described(tmp_path):
    import time

    facts = fuzz_api.settings(tmp_path / "data")
    with open_memory(mem_config.load(facts, environ={})) as memory:
        tokens.create(memory, name="reader", scopes=["read"])
        with fuzz_api.server(memory) as (schema, url, key):
            until = time.monotonic() + SECONDS
            asked = list(fuzz_api.ask(schema, url, {"Authorization": f"Bearer {key}"}, 4, SEED, until))
    assert len(asked) > 150
    assert not [one for one in asked if one[1]]
