"""Every error that Mem raises on purpose.

    MemError
    ├── BadTime, NaiveTime, BadCursor, BadRequest      the caller's word cannot be read
    ├── NotFound                                        unknown, or outside the allowed roots
    ├── Conflict                                        right words, wrong state
    │   ├── StaleFence                                  another worker took the job over
    │   ├── Stopped                                     the work was told to stop before its end
    │   ├── NotCancellable, NotRetriable, NotWaiting
    │   ├── Pinned, NoteChanged, SegmentChanged         a pin keeps it; changed by another meanwhile
    │   ├── RecordingGone                               to be worked on again, and not here any more
    │   └── OffsetMismatch, UploadBusy                  a piece of an upload that does not fit
    ├── UploadExpired, ChecksumMismatch, TooSlow        an upload that cannot go on like that
    ├── WrongTusVersion, NotAPiece                      the request is no tus that Mem speaks
    ├── BadConfig                                       the configuration cannot be used
    ├── Locked                                          another process owns the database
    ├── DatabaseFailed                                  the database must be reopened
    │   └── SchemaDiffers                               another version of Mem made it what it is
    ├── ExtraMissing                                    a library that a setting needs
    ├── IndexFailed                                     the search index cannot be used just now
    ├── StorageFailed                                   the object storage does not answer as it should
    ├── DiskFull                                        less free space than the guard asks
    ├── TooLarge, TooBusy
    │   ├── ExportTooLarge
    │   └── CapturePaused                               nothing is taken in just now
    ├── SetupRequired, BadKey, ForeignOrigin, WrongHost    who asks, and from where
    ├── TokenRequired                                   nobody knows who asks
    │   └── BadToken
    │       └── TokenExpired, TokenRevoked
    ├── NotAllowed                                      known, and not allowed that
    │   └── OutsideLimits, UnlistedRoute
    ├── TooManyRequests, HeaderTooLarge                 too much of it
    ├── NoProvider, ProviderAway, ProviderFailed        whom people sign in with
    ├── SignInSpent                                     a sign-in that is not this browser's, or over
    ├── SignInDenied                                    who signs in is not known there, or not let in here
    │   └── BadIdentity, NotLetIn
    ├── AddressTaken                                    another program listens there
    ├── MediaError                                      the recording's own fault: permanent
    │   ├── EmptyFile, NotMedia, NotAVideo, CutOff, UnsafeMedia, MediaTooLarge
    │   ├── DecoderCrashed, DecoderHung, DecoderOutOfMemory     the child that decoded it ended badly
    │   ├── MalwareFound, TooLargeToScan, Excluded      kept out
    │   ├── Poison, RecordingChanged                    killed too often at one place; swapped meanwhile
    │   └── ReelDamaged                                 a picture of the cold tier
    ├── Unreadable, Unwritable                          the file is there and cannot be read, or written
    ├── NoMedia                                         the folder holds no recording
    ├── ServerGone                                      the server stopped in the middle of an answer
    ├── ScannerAway                                     the virus scanner does not answer
    ├── NoScreenText                                    no engine reads text off frames here
    ├── NoAssistants, NoMeaning                         an extra is not here, or switched off
    ├── WorkerLost                                      no process that worked on the job is left
    ├── ProgramMissing                                  one of PostgreSQL's own is needed
    ├── BackupDamaged, SealedBackup, FolderDamaged      a backup or a folder that cannot be used
    ├── SpeechServerFailed                              the server that writes speech down does not
    └── ModelMissing                                    no speech model is on this machine

A class says once what HTTP and the command line answer: `code` is stable, `status` is the HTTP
status, `exit_status` the process's. The docstring is the message unless the raiser says more;
`hint` says what a person can do about it.
"""

from mem.errors.access import (
    BadKey,
    BadToken,
    ForeignOrigin,
    HeaderTooLarge,
    NotAllowed,
    OutsideLimits,
    SetupRequired,
    TokenExpired,
    TokenRequired,
    TokenRevoked,
    TooManyRequests,
    UnlistedRoute,
    WrongHost,
)
from mem.errors.asking import (
    BadCursor,
    BadRequest,
    BadTime,
    Conflict,
    ExportTooLarge,
    NaiveTime,
    NoMedia,
    NotCancellable,
    NoteChanged,
    NotFound,
    NotRetriable,
    NotWaiting,
    Pinned,
    RecordingGone,
    SegmentChanged,
    StaleFence,
    Stopped,
    TooBusy,
    TooLarge,
)
from mem.errors.base import (
    MemError,
    is_permanent,
    no_room,
)
from mem.errors.guarding import (
    CapturePaused,
    Excluded,
    MalwareFound,
    ScannerAway,
    TooLargeToScan,
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
    PartFailed,
    Poison,
    RecordingChanged,
    ReelDamaged,
    UnsafeMedia,
)
from mem.errors.running import (
    AddressTaken,
    BackupDamaged,
    BadConfig,
    DatabaseFailed,
    DiskFull,
    ExtraMissing,
    FolderDamaged,
    IndexFailed,
    Locked,
    ModelMissing,
    NoAssistants,
    NoMeaning,
    NoScreenText,
    ProgramMissing,
    SchemaDiffers,
    SealedBackup,
    ServerGone,
    SpeechServerFailed,
    StorageFailed,
    Unreadable,
    Unwritable,
    WorkerLost,
)
from mem.errors.signing import (
    BadIdentity,
    NoProvider,
    NotLetIn,
    ProviderAway,
    ProviderFailed,
    SignInDenied,
    SignInSpent,
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
    "BackupDamaged",
    "BadConfig",
    "BadCursor",
    "BadIdentity",
    "BadKey",
    "BadRequest",
    "BadTime",
    "BadToken",
    "CapturePaused",
    "ChecksumMismatch",
    "Conflict",
    "CutOff",
    "DatabaseFailed",
    "DecoderCrashed",
    "DecoderHung",
    "DecoderOutOfMemory",
    "DiskFull",
    "EmptyFile",
    "Excluded",
    "ExportTooLarge",
    "ExtraMissing",
    "FolderDamaged",
    "ForeignOrigin",
    "HeaderTooLarge",
    "IndexFailed",
    "Locked",
    "MalwareFound",
    "MediaError",
    "MediaTooLarge",
    "MemError",
    "ModelMissing",
    "NaiveTime",
    "NoAssistants",
    "NoMeaning",
    "NoMedia",
    "NoProvider",
    "NoScreenText",
    "NotAPiece",
    "NotAVideo",
    "NotAllowed",
    "NotCancellable",
    "NotFound",
    "NotLetIn",
    "NotMedia",
    "NotRetriable",
    "NotWaiting",
    "NoteChanged",
    "OffsetMismatch",
    "OutsideLimits",
    "PartFailed",
    "Pinned",
    "Poison",
    "ProgramMissing",
    "ProviderAway",
    "ProviderFailed",
    "RecordingChanged",
    "RecordingGone",
    "ReelDamaged",
    "ScannerAway",
    "SchemaDiffers",
    "SealedBackup",
    "SegmentChanged",
    "ServerGone",
    "SetupRequired",
    "SignInDenied",
    "SignInSpent",
    "SpeechServerFailed",
    "StaleFence",
    "Stopped",
    "StorageFailed",
    "TokenExpired",
    "TokenRequired",
    "TokenRevoked",
    "TooBusy",
    "TooLarge",
    "TooLargeToScan",
    "TooManyRequests",
    "TooSlow",
    "UnlistedRoute",
    "Unreadable",
    "UnsafeMedia",
    "Unwritable",
    "UploadBusy",
    "UploadExpired",
    "WorkerLost",
    "WrongHost",
    "WrongTusVersion",
    "is_permanent",
    "no_room",
]
