"""A range as one ZIP, sent while it is made."""

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from mem import types
from mem.api import pump, times
from mem.api.parameters import Mem, SourceId
from mem.ops import export
from mem.ops.export import Range

router = APIRouter(prefix="/api/export", tags=["asking"])


@router.get("", response_class=StreamingResponse, responses={200: {"content": {"application/zip": {}}}})
def archive(memory: Mem, asked: times.AskedRange, source: SourceId = None) -> Response:
    """Frames, transcripts, notes, text on screen and the recording's part in a range, with a manifest.

    `Mem-From`, `Mem-To` and `Mem-Range-Defaulted` say which range it is; the manifest does too.
    """
    span = Range(start=asked.start, end=asked.end, source_id=source, defaulted=asked.defaulted)
    pieces = export.pieces(memory, span)
    name = f"mem-{asked.start:%Y%m%dT%H%M%SZ}-{asked.end:%Y%m%dT%H%M%SZ}.zip"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
        "Mem-From": types.written(asked.start),
        "Mem-To": types.written(asked.end),
        "Mem-Range-Defaulted": str(asked.defaulted).lower(),
    }
    return StreamingResponse(pump.pumped(pieces), media_type="application/zip", headers=headers)
