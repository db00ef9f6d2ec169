"""The OpenAPI description of the server as TypeScript declarations, by which `tsc` checks the page."""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_HEAD = (
    "// What the API is asked with and answers, made from its OpenAPI description by `make docs`.\n"
    "// Instants are ISO 8601 in UTC, integers and floats alike are numbers.\n"
)
_PLAIN = {"integer": "number", "number": "number", "string": "string", "boolean": "boolean", "null": "null"}
_WIDE = 110
_JSON = "application/json"


def declarations(api: Schema) -> Iterator[str]:
    """The lines of a .d.ts file: an interface for each schema, then what each request takes and gives.

    Raises KeyError for a kind of schema that it cannot say in TypeScript.
    """
    yield _HEAD
    named = {_name(name): schema for name, schema in api["components"]["schemas"].items()}
    for name, schema in sorted(named.items()):
        yield from _interface(name, schema)
    yield from _requests(api, "Answer", "What a request is answered with: `GET /api/status`.", _answer)
    yield from _requests(api, "Question", "What a request has to hold: `POST /api/notes`.", _question)


def _name(name: str) -> str:
    """`mem__ops__database__Step`, as it is called where two modules have one, becomes `DatabaseStep`."""
    *path, last = name.split("__")
    return (path[-1].capitalize() if path else "") + last


def _interface(name: str, schema: Schema) -> Iterator[str]:
    yield from _comment(schema.get("description", ""), "")
    yield f"export interface {name} {{"
    needed = schema.get("required", ())
    for field, kind in schema["properties"].items():
        yield from _comment(kind.get("description", ""), "  ")
        yield f"  {field}{'' if field in needed else '?'}: {_type(kind)};"
    yield "}\n"


def _comment(text: str, indent: str) -> Iterator[str]:
    """The text as JSDoc, its paragraphs kept."""
    text = re.sub(r"``(.+?)``", r"`\1`", text.strip())
    if not text:
        return
    if "\n" not in text and len(indent) + len(text) + 7 <= _WIDE:
        yield f"{indent}/** {text} */"
        return
    yield f"{indent}/**"
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield f"{indent} *"
        yield from (f"{indent} * {line}" for line in textwrap.wrap(paragraph, _WIDE - len(indent) - 3))
    yield f"{indent} */"


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return _name(schema["$ref"].rsplit("/", 1)[1])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(map(json.dumps, schema["enum"]))
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(map(_type, schema["anyOf"])))
    if not schema:
        return "unknown"
    return {"array": _list, "object": _table}.get(schema["type"], lambda _: _PLAIN[schema["type"]])(schema)


def _list(schema: Schema) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(map(_type, schema['prefixItems']))}]"
    item = _type(schema["items"])
    return f"({item})[]" if " | " in item else f"{item}[]"


def _table(schema: Schema) -> str:
    value = schema["additionalProperties"]
    value = "unknown" if value is True else _type(value)
    keys = schema.get("propertyNames")
    return f"Partial<Record<{_type(keys)}, {value}>>" if keys else f"Record<string, {value}>"


def _requests(api: Schema, name: str, meaning: str, kind: Any) -> Iterator[str]:
    """A type that goes from a method and a path to one shape; the more particular paths come first."""
    yield from _comment(meaning, "")
    yield f"export type {name}<Request extends string> ="
    for path in sorted(api["paths"], key=_particular):
        for method, operation in api["paths"][path].items():
            if shape := kind(operation):
                asked = f"{method.upper()} {path}"
                text = f"`{re.sub(r'{[^}]+}', '${string}', asked)}`" if "{" in path else json.dumps(asked)
                yield f"  Request extends {text} ? {shape} :"
    yield "  unknown;\n"


def _particular(path: str) -> tuple[int, list[bool], str]:
    """Longer paths first, and those with a name where others have any: what is asked first decides."""
    parts = path.split("/")
    return -len(parts), ["{" in part for part in parts], path


def _answer(operation: Schema) -> str:
    good = [answer for code, answer in operation["responses"].items() if code.startswith("2")]
    schemas = [answer["content"][_JSON]["schema"] for answer in good if _JSON in answer.get("content", {})]
    if schemas:
        return " | ".join(dict.fromkeys(part for schema in schemas for part in _type(schema).split(" | ")))
    return "null" if "204" in operation["responses"] else ""


def _question(operation: Schema) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    return _type(content[_JSON]["schema"]) if _JSON in content else ""
