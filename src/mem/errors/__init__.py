"""Every error that Mem raises on purpose.

    MemError
    ├── BadTime, NaiveTime, BadCursor, BadRequest      the caller's word cannot be read
    ├── NotFound                                        unknown, or outside the allowed roots
    ├── Conflict                                        right words, wrong state
    │   ├── StaleFence                                  another worker took the job over
    │   ├── Stopped                                     the work was told to stop before its end
    │   ├── NotCancellable, NotRetriable
    │   └── OffsetMismatch, UploadBusy                  a piece of an upload that does not fit
    ├── UploadExpired, ChecksumMismatch, TooSlow        an upload that cannot go on like that
    ├── WrongTusVersion, NotAPiece                      the request is no tus that Mem speaks
    ├── BadConfig                                       the configuration cannot be used
    ├── Locked                                          another process owns the database
    ├── DatabaseFailed                                  the database must be reopened
    ├── IndexFailed                                     the search index cannot be used just now
    ├── DiskFull                                        less free space than the guard asks
    ├── TooLarge, TooBusy
    ├── SetupRequired, BadKey, ForeignOrigin, WrongHost    who asks, and from where
    ├── AddressTaken                                    another program listens there
    ├── MediaError                                      the recording's own fault: permanent
    │   ├── EmptyFile, NotMedia, NotAVideo, CutOff, UnsafeMedia, MediaTooLarge
    │   └── DecoderCrashed, DecoderHung, DecoderOutOfMemory     the child that decoded it ended badly
    ├── Unreadable, Unwritable                          the file is there and cannot be read, or written
    ├── NoMedia                                         the folder holds no recording
    ├── ServerGone                                      the server stopped in the middle of an answer
    └── ModelMissing                                    no speech model is on this machine

A class says once what HTTP and the command line answer: `code` is stable, `status` is the HTTP
status, `exit_status` the process's. The docstring is the message unless the raiser says more;
`hint` says what a person can do about it.
"""

from mem.errors.access import (
    BadKey,
    ForeignOrigin,
    SetupRequired,
    WrongHost,
)
from mem.errors.asking import (
    BadCursor,
    BadRequest,
    BadTime,
    Conflict,
    NaiveTime,
    NoMedia,
    NotCancellable,
    NotFound,
    NotRetriable,
    StaleFence,
    Stopped,
    TooBusy,
    TooLarge,
)
from mem.errors.base import (
    MemError,
    no_room,
)
from mem.errors.media import (
    CutOff,
    DecoderCrashed,
    DecoderHung,
    DecoderOutOfMemory,
    EmptyFile,
    MediaError,
    MediaTooLarge,
    NotAVideo,
    NotMedia,
    UnsafeMedia,
)
from mem.errors.running import (
    AddressTaken,
    BadConfig,
    DatabaseFailed,
    DiskFull,
    IndexFailed,
    Locked,
    ModelMissing,
    ServerGone,
    Unreadable,
    Unwritable,
)
from mem.errors.uploading import (
    ChecksumMismatch,
    NotAPiece,
    OffsetMismatch,
    TooSlow,
    UploadBusy,
    UploadExpired,
    WrongTusVersion,
)

__all__ = [
    "AddressTaken",
    "BadConfig",
    "BadCursor",
    "BadKey",
    "BadRequest",
    "BadTime",
    "ChecksumMismatch",
    "Conflict",
    "CutOff",
    "DatabaseFailed",
    "DecoderCrashed",
    "DecoderHung",
    "DecoderOutOfMemory",
    "DiskFull",
    "EmptyFile",
    "ForeignOrigin",
    "IndexFailed",
    "Locked",
    "MediaError",
    "MediaTooLarge",
    "MemError",
    "ModelMissing",
    "NaiveTime",
    "NoMedia",
    "NotAPiece",
    "NotAVideo",
    "NotCancellable",
    "NotFound",
    "NotMedia",
    "NotRetriable",
    "OffsetMismatch",
    "ServerGone",
    "SetupRequired",
    "StaleFence",
    "Stopped",
    "TooBusy",
    "TooLarge",
    "TooSlow",
    "Unreadable",
    "UnsafeMedia",
    "Unwritable",
    "UploadBusy",
    "UploadExpired",
    "WrongHost",
    "WrongTusVersion",
    "no_room",
]
