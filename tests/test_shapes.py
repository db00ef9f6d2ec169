"""What the API takes and answers, as TypeScript says it."""

import importlib.util
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("shapes", Path(__file__).parents[1] / "docs/shapes.py")
shapes = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(shapes)


def described(fields: dict, paths: dict | None = None, required: tuple[str, ...] = ()) -> str:
    schemas = {"Thing": {"description": "Some thing.", "properties": fields, "required": required}}
    return "\n".join(shapes.declarations({"components": {"schemas": schemas}, "paths": paths or {}}))


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "integer"}, "number"),
        ({"anyOf": [{"$ref": "#/components/schemas/Place"}, {"type": "null"}]}, "Place | null"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, '("a" | "b")[]'),
        ({"type": "array", "prefixItems": [{"type": "number"}, {"type": "string"}]}, "[number, string]"),
        ({"type": "object", "additionalProperties": True}, "Record<string, unknown>"),
        (
            {"type": "object", "additionalProperties": {"type": "integer"}, "propertyNames": {"enum": ["a"]}},
            'Partial<Record<"a", number>>',
        ),
        ({"$ref": "#/components/schemas/mem__ops__database__Step"}, "DatabaseStep"),
        ({"const": True}, "true"),
    ],
)
def test_a_field_has_the_type_that_its_schema_says(schema, said):
    assert f"  field: {said};" in described({"field": schema}, required=("field",))


def test_a_field_that_may_be_left_out_is_marked_so():
    assert "  field?: string;" in described({"field": {"type": "string"}})


def test_a_kind_that_cannot_be_said_is_refused():
    with pytest.raises(KeyError):
        described({"field": {"type": "file"}})


def test_of_two_paths_that_fit_the_longer_decides():
    def answer(name: str) -> dict:
        schema = {"$ref": f"#/components/schemas/{name}"}
        return {"get": {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}}

    paths = {"/api/frames/{id}": answer("Frame"), "/api/frames/{id}/text": answer("FrameText")}
    lines = described({}, paths).splitlines()
    longer = lines.index("  Request extends `GET /api/frames/${string}/text` ? FrameText :")
    assert longer < lines.index("  Request extends `GET /api/frames/${string}` ? Frame :")


def test_an_answer_without_a_body_is_null():
    gone = {"/api/notes/{id}": {"delete": {"responses": {"204": {}}}}}
    assert "  Request extends `DELETE /api/notes/${string}` ? null :" in described({}, gone)
