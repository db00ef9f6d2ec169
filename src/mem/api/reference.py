"""The OpenAPI document as one plain page: no script, no style from elsewhere, nothing to fetch."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

Json = Mapping[str, Any]


def page(document: Json) -> str:
    """The page for an OpenAPI document."""
    return "\n".join(_page(document))


def _page(document: Json) -> Iterator[str]:
    title = f"{escape(document['info']['title'])} {escape(document['info']['version'])}"
    yield f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    yield '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/web/style.css">'
    yield f'</head><body><main class="reference"><h1>{title}</h1>'
    yield f"<p>{escape(document['info'].get('description', ''))}</p>"
    yield '<p>The same for programs: <a href="/openapi.json">openapi.json</a>.</p><h2>Routes</h2>'
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield from _operation(path, method, operation)
    yield "<h2>Shapes</h2>"
    for name, schema in document["components"]["schemas"].items():
        yield from _shape(name, schema)
    yield "</main></body></html>"


def _operation(path: str, method: str, operation: Json) -> Iterator[str]:
    yield f'<section id="{escape(operation["operationId"])}">'
    yield f"<h3><code>{method.upper()} {escape(path)}</code></h3>"
    yield f"<p>{escape(operation.get('description', ''))}</p>"
    parameters = operation.get("parameters", [])
    if parameters:
        yield "<table><thead><tr><th>Parameter</th><th>In</th><th>Type</th><th></th></tr></thead><tbody>"
        for one in parameters:
            cells = (f"<code>{escape(one['name'])}</code>", escape(one["in"]), _type(one["schema"]))
            yield _row((*cells, escape(one.get("description", ""))))
        yield "</tbody></table>"
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Body, {escape(kind)}: {_type(content.get('schema', {}))}</p>"
    yield "<ul>"
    for status, response in operation["responses"].items():
        kinds = ", ".join(
            f"{escape(kind)} {_type(content.get('schema', {}))}"
            for kind, content in response.get("content", {}).items()
        )
        yield f"<li>{escape(status)} {escape(response.get('description', ''))}: {kinds}</li>"
    yield "</ul></section>"


def _shape(name: str, schema: Json) -> Iterator[str]:
    yield f'<section id="shape-{escape(name)}"><h3>{escape(name)}</h3>'
    yield f"<p>{escape(schema.get('description', ''))}</p>"
    yield "<table><tbody>"
    for field, one in schema.get("properties", {}).items():
        yield _row((f"<code>{escape(field)}</code>", _type(one), escape(one.get("description", ""))))
    yield "</tbody></table></section>"


def _row(cells: tuple[str, ...]) -> str:
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _type(schema: Json) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#shape-{name}">{name}</a>'
    for joined in ("anyOf", "oneOf"):
        if joined in schema:
            return " or ".join(_type(one) for one in schema[joined])
    if "enum" in schema or "const" in schema:
        return escape(" | ".join(json.dumps(value) for value in schema.get("enum", [schema.get("const")])))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return escape(" ".join(filter(None, (schema.get("type"), schema.get("format")))) or "anything")
