"""Multipart forms read as they arrive: the file's bytes pass through, small fields are kept."""

from collections.abc import AsyncIterator

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from mem.errors import BadRequest

_MAX_FIELD = 8192  # bytes
_MAX_FIELDS = 16


def is_form(content_type: str) -> bool:
    """Whether a Content-Type announces a multipart form."""
    return content_type.partition(";")[0].strip().lower() == "multipart/form-data"


def reader(content_type: str) -> "FileForm | None":
    """A reader for a multipart form; None for any other type. Raises BadRequest without a boundary."""
    if not is_form(content_type):
        return None
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise BadRequest("The multipart form names no boundary.")
    return FileForm(boundary)


class FileForm:
    """A form with one file, under whatever field name, and small text fields before or after it."""

    def __init__(self, boundary: bytes) -> None:
        self.filename: str | None = None
        self.fields: dict[str, str] = {}
        self._files = 0
        self._in_file = False
        self._header_name = b""
        self._header_value = b""
        self._disposition = b""
        self._field = ""
        self._value = bytearray()
        self._chunk: list[bytes] = []
        self._ended = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._part_begins,
                    "on_header_field": self._header_field,
                    "on_header_value": self._header_data,
                    "on_header_end": self._header_ends,
                    "on_headers_finished": self._headers_end,
                    "on_part_data": self._part_data,
                    "on_part_end": self._part_ends,
                    "on_end": self._form_ends,
                },
            )
        except FormParserError as error:
            raise BadRequest(f"The multipart form cannot be read: {error}") from None

    async def file(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The bytes of the file. Raises BadRequest when the form is broken or holds not one file."""
        async for chunk in body:
            try:
                self._parser.write(chunk)
            except FormParserError as error:
                raise BadRequest(f"The multipart form cannot be read: {error}") from None
            if self._chunk:
                yield b"".join(self._chunk)
                self._chunk.clear()
        if not self._ended:
            raise BadRequest("The multipart form ends in the middle.")
        if self._files != 1:
            raise BadRequest(f"The form holds {self._files} files; one is expected, in the field `file`.")

    def _part_begins(self) -> None:
        self._disposition = b""
        self._value.clear()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _header_data(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _header_ends(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = self._header_value
        self._header_name = self._header_value = b""

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        self._in_file = b"filename" in options
        if self._in_file:
            self._files += 1
            if self._files > 1:
                raise BadRequest("The form holds more than one file; send one at a time.")
            self.filename = options[b"filename"].decode("utf-8", "replace") or None

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._chunk.append(data[start:end])
            return
        self._value += data[start:end]
        if len(self._value) > _MAX_FIELD:
            raise BadRequest(f"The form's field {self._field[:80]!r} is longer than {_MAX_FIELD} bytes.")

    def _part_ends(self) -> None:
        if not self._in_file:
            self.fields[self._field] = self._value.decode("utf-8", "replace")
            if len(self.fields) > _MAX_FIELDS:
                raise BadRequest(f"The form has more than {_MAX_FIELDS} fields.")

    def _form_ends(self) -> None:
        self._ended = True
