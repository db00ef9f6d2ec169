// What the API is asked with and answers, made from its OpenAPI description by `make docs`.
// Instants are ISO 8601 in UTC, integers and floats alike are numbers.

/** How a job is tried again. */
export interface Again {
  skip?: boolean;
}

/** The audio stream that is listened to. */
export interface AudioStream {
  index: number;
  codec: string;
  rate: number;
  channels: number;
}

/** Who read, wrote and deleted, the last first. */
export interface AuditLog {
  entries: Entry[];
}

/** A backup at some place. */
export interface Backup {
  name: string;
  place: string;
  folder: string | null;
  made_at: string | null;
  bytes: number;
  files: number;
  sources: number;
  frames: number;
  originals: boolean;
  encrypted: boolean;
  engine: string;
  schema: number;
  checked_at: string | null;
  good: boolean | null;
  problem: string | null;
}

/** The last backup, and what came of its last check. `good` null: it was never checked. */
export interface BackupFacts {
  name: string;
  made_at: string | null;
  age_seconds: number | null;
  checked_at: string | null;
  good: boolean | null;
  problem: string | null;
}

/** Backups, the newest first. */
export interface BackupList {
  place: string;
  folder: string | null;
  backups: Backup[];
}

/** What kind of backup is wanted; `to` is a folder on the server's own disk, or `s3://bucket/prefix`. */
export interface BackupRequest {
  to?: string | null;
  originals?: boolean;
  portable?: boolean;
  encrypt?: string[];
}

/** A rectangle in pixels of a picture, the origin at its top left. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** How much happened in one piece of time. */
export interface Bucket {
  start: string;
  frames: number;
  segments: number;
  notes: number;
}

/**
 * Growth by day over the last days, fewer where the memory is younger, and how long the disk lasts.
 *
 * Bytes are of what is kept; `bytes_per_day` leaves out what goes to a bucket. `days_left` null: nothing
 * grows, or for longer than a century.
 */
export interface Capacity {
  looked_days: number;
  recordings_per_day: number;
  hours_per_day: number;
  image_bytes_per_day: number;
  original_bytes_per_day: number;
  database_bytes_per_day: number;
  bytes_per_day: number;
  free_bytes: number;
  days_left: number | null;
  full_at: string | null;
}

/** A recording that lies on the server's own disk. */
export interface CaptureRequest {
  path: string;
  started_at?: string | null;
  location?: string | null;
  device?: string | null;
  priority?: number | null;
}

/** What to change; whatever is left out or null stays. */
export interface Changes {
  name?: string | null;
  location?: string | null;
  device?: string | null;
  started_at?: string | null;
  hotwords?: string | null;
  prompt?: string | null;
}

/** How closely to look, and whether to mend what can be mended. */
export interface CheckRequest {
  depth?: "quick" | "normal" | "deep";
  repair?: boolean;
}

/** A piece of upkeep and how far it is; `result` is what it gave. */
export interface ChoreState {
  id: number;
  kind: "backup" | "verify" | "check" | "compact" | "model" | "reels";
  state: "running" | "done" | "failed";
  progress: number;
  doing: string;
  begun_at: string;
  ended_at: string | null;
  result: Made | Verdict | Report | Compacted | Pulled | null;
  failure: Failure | null;
}

/** Bytes on disk before and after. */
export interface Compacted {
  database_before: number;
  database_after: number;
  packs_before: number;
  packs_after: number;
  packs_written: number;
}

/** What was really said; null takes back what a person wrote. */
export interface Correction {
  text: string | null;
}

/** The database, in bytes on disk: `size` is all of it; `used` and `free` lie within the file. */
export interface DatabaseFacts {
  engine: "duckdb" | "postgres";
  size_bytes: number;
  file_bytes: number;
  used_bytes: number;
  free_bytes: number;
  wal_bytes: number;
  deleted_since: string | null;
}

/** Rows and bytes. Free bytes are used again, and given back by a compaction. */
export interface DatabaseStats {
  engine: "duckdb" | "postgres";
  file_bytes: number;
  used_bytes: number;
  free_bytes: number;
  tables: Record<string, number>;
  steps: DatabaseStep[];
}

/** A step of the schema that was made. */
export interface DatabaseStep {
  number: number;
  name: string;
  applied_at: string;
}

/** What to delete: everything in `[from, to)`, of one source or of all. */
export interface Deletion {
  from: string;
  to: string;
  source?: number | null;
  /** Only say what would go */
  dry_run?: boolean;
}

/** What a deletion would remove; nothing has been. */
export interface DeletionPlan {
  from: string;
  to: string;
  source: number | null;
  dry_run: boolean;
  extent: Extent;
}

/** How many frames, segments and notes begin in each bucket, empty buckets included. */
export interface Density {
  /** First instant of the range, UTC */
  from: string;
  to: string;
  range_defaulted: boolean;
  bucket_seconds: number;
  buckets: Bucket[];
}

/** The volume of the data directory. */
export interface DiskFacts {
  free_bytes: number;
  total_bytes: number;
}

/** What became of one file. */
export interface Ended {
  number: number;
  path: string;
  state: "queued" | "running" | "retrying" | "done" | "partial" | "failed" | "cancelled";
  source_id: number | null;
  detail: string | null;
}

/** One request. */
export interface Entry {
  at: string;
  caller: string;
  token: string | null;
  address: string;
  method: string;
  route: string;
  target: Record<string, string>;
  status: number;
  request: string;
}

/** What a deletion of an interval would remove. Bytes are those of files. */
export interface Extent {
  sources: number;
  cut_sources: number;
  frames: number;
  spans: number;
  segments: number;
  screen_texts: number;
  notes: number;
  originals: number;
  detached: number;
  original_bytes: number;
  pack_bytes: number;
  uncovered_ms: number;
}

/** Why a chore failed. */
export interface Failure {
  code: string;
  detail: string;
  hint: string;
}

/** What is wrong with one field of a request. */
export interface FieldError {
  field: string;
  message: string;
  code: string;
}

/** Something that is wrong. */
export interface Finding {
  code: string;
  place: string;
  detail: string;
  fix: string;
  repaired?: boolean;
}

/** Bytes of originals and frames, what may still come, and for how long that lasts. */
export interface Forecast {
  used_bytes: number;
  left_bytes: number;
  paces: Pace[];
}

/** How many tokens were dropped. */
export interface Forgotten {
  forgotten: number;
}

/** One picture kept from a source, and where its bytes lie. */
export interface Frame {
  id: number;
  source_id: number;
  first_seen: string;
  width: number;
  height: number;
  format: string;
  colour: string;
  pack: string;
  offset: number;
  length: number;
  thumb_offset: number;
  thumb_length: number;
  sha256: string;
  reel_offset?: number | null;
  still_length?: number | null;
}

/** Looks at a picture, and how many of them were kept. */
export interface FrameFacts {
  kept: number;
  samples: number;
  dropped_share: number;
}

/** Frames by the instant they were first seen. */
export interface FramePage {
  /** First instant of the range, UTC */
  from: string;
  to: string;
  range_defaulted: boolean;
  frames: Frame[];
  /** Give it back as `cursor` for more; null at the end */
  cursor: string | null;
}

/** The lines of text that were read off a frame, from the top; `frame` has the size their boxes lie in. */
export interface FrameText {
  frame: Frame;
  lines: ScreenText[];
}

/** One frame, the spans during which it stood, and the ids of its neighbours in the same source. */
export interface FrameWithSpans {
  frame: Frame;
  spans: Span[];
  previous: number | null;
  next: number | null;
}

/** What each source showed at one instant. */
export interface FramesAt {
  at: string;
  frames: Standing[];
}

/** One device, location or folder of `capture.expected`, and when it delivered last. */
export interface Freshness {
  device: string | null;
  location: string | null;
  folder: string | null;
  every_minutes: number;
  delivered_at: string | null;
  newest_at: string | null;
  late: boolean;
}

/** The process answers. */
export interface Healthy {
  status?: "ok";
}

/** A text that answers a question. */
export interface Hit {
  kind: "speech" | "screen" | "note";
  id: number;
  source_id: number | null;
  start: string;
  end: string;
  text: string;
  highlights: [number, number][];
  highlight_bytes: [number, number][];
  frame_id?: number | null;
  box?: Box | null;
}

/** A unit of background work, durable, with a state and a progress. */
export interface Job {
  id: number;
  kind: "capture" | "rerun" | "screen";
  source_id: number | null;
  params: Record<string, unknown>;
  state: "queued" | "running" | "retrying" | "done" | "partial" | "failed" | "cancelled";
  priority: number;
  attempt: number;
  max_attempts: number;
  stage: string | null;
  progress: number;
  cancel_requested: boolean;
  error_code: string | null;
  error_detail: string | null;
  result: Record<string, unknown> | null;
  not_before: string;
  lease_owner: string | null;
  lease_until: string | null;
  fence: number;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  place: Place | null;
  deaths: number;
  skip: Place | null;
  file_mark: string | null;
  parent?: number | null;
  parts?: Parts | null;
}

/** Jobs that were queued together. */
export interface JobList {
  jobs: Job[];
}

/** Jobs, newest first. */
export interface JobPage {
  jobs: Job[];
  /** Give it back as `cursor` for more; null at the end */
  cursor: string | null;
}

/** The answer to an upload of a file that is there already. */
export interface KnownFile {
  duplicate: boolean;
  source: Source;
}

/** The part of the memory that a token may learn of. What is None is not limited. */
export interface Limits {
  source_ids?: number[] | null;
  start?: string | null;
  end?: string | null;
}

/** What to add to the address of the page to sign in once, within a minute. */
export interface Link {
  path: string;
}

/** A speech model. */
export interface Listed {
  name: string;
  megabytes: number;
  licence: string;
  languages: string;
  here: string | null;
  origin: string | null;
  seconds_per_hour: number;
}

/** A backup that was made. */
export interface Made {
  name: string;
  place: string;
  folder: string | null;
  files: number;
  bytes: number;
  copied_bytes: number;
  sources: number;
  frames: number;
  encrypted: boolean;
  missing: string[];
  damaged: string[];
  same_disk: boolean;
}

/** A new token, and its text, which is shown this once. */
export interface MadeToken {
  token: Token;
  secret: string;
}

/** One thing that was looked at or done, and what a person should do about it. */
export interface MaintenanceStep {
  name: string;
  state: "good" | "doubtful" | "broken";
  detail: string;
  fix?: string;
}

/** What a look into a media file says, before anything is decoded. */
export interface Media {
  container: string;
  size: number;
  duration_ms: number | null;
  video: VideoStream | null;
  audio: AudioStream | null;
  tags?: Record<string, string>;
}

/** Speech models, the smallest first; `used` is the one that recordings are listened to with. */
export interface ModelList {
  used: string | null;
  device: string;
  models: Listed[];
}

/** Hits closer to each other than CLOSE, of one source or of several that are one stretch. */
export interface Moment {
  source_id: number | null;
  source_name: string | null;
  start: string;
  end: string;
  frame_id: number | null;
  frame_at: string | null;
  score: number;
  hit_count: number;
  hits: Hit[];
}

/** A note to write. Without `end` it is about the instant `start`. */
export interface NewNote {
  start: string;
  text: string;
  end?: string | null;
  source_id?: number | null;
  tags?: string[];
  author?: string;
  type?: "user_note" | "ai_summary" | "ocr_output" | "scene_description" | "action_detected" | "custom";
  metadata?: Record<string, unknown>;
}

/** Notes to write all at once, or none of them. */
export interface NewNotes {
  notes: NewNote[];
}

/** An interval to keep, of one source or of all. */
export interface NewPin {
  start: string;
  end: string;
  source_id?: number | null;
  reason?: string;
}

/** A token to make. With `source_ids`, `start` or `end` it is limited to them. */
export interface NewToken {
  name: string;
  scopes: ("read" | "write" | "capture" | "admin" | "metrics")[];
  source_ids?: number[] | null;
  start?: string | null;
  end?: string | null;
  expires_days?: number | null;
}

/** What a person or a program wrote about an interval. */
export interface Note {
  id: number;
  source_id: number | null;
  start: string;
  end: string;
  text: string;
  tags: string[];
  type: "user_note" | "ai_summary" | "ocr_output" | "scene_description" | "action_detected" | "custom";
  author: string;
  metadata: Record<string, unknown>;
  created_at: string;
  updated_at: string;
}

/** The notes that were written, in the order they were given. */
export interface NoteBatch {
  notes: Note[];
}

/** What to change; whatever is left out or null stays. */
export interface NoteChanges {
  start?: string | null;
  end?: string | null;
  text?: string | null;
  tags?: string[] | null;
  type?: "user_note" | "ai_summary" | "ocr_output" | "scene_description" | "action_detected" | "custom" | null;
  metadata?: Record<string, unknown> | null;
}

/** Notes by their start. */
export interface NotePage {
  /** First instant of the range, UTC */
  from: string;
  to: string;
  range_defaulted: boolean;
  notes: Note[];
  /** Give it back as `cursor` for more; null at the end */
  cursor: string | null;
}

/** Growth over some days, shorter ones where the memory is younger. `full_in_days` null: never. */
export interface Pace {
  days: number;
  bytes_per_day: number;
  full_in_days: number | null;
}

/** How many parts of a long recording have been looked at. */
export interface Parts {
  done: number;
  of: number;
}

/** Files that were not taken, or not taken well, for one reason. */
export interface PassedOver {
  reason: "hidden" | "link" | "other" | "special" | "empty" | "unstorable" | "unreadable" | "too_many" | "open" | "failed" | "partial" | "cancelled" | "not_ready" | "not_cleared";
  why: string;
  files: number;
  examples: string[];
}

/** How long nothing is to be taken in; without `until`: until somebody ends it. */
export interface PauseRequest {
  until?: string | null;
}

/** An interval that nothing deletes, of one source or of all. */
export interface Pin {
  id: number;
  source_id: number | null;
  start: string;
  end: string;
  reason: string;
  created_at: string;
}

/** Pins in the order in which they were made. */
export interface PinPage {
  pins: Pin[];
  /** Give it back as `cursor` for more; null at the end */
  cursor: string | null;
}

/** Where a job is in the recording: a stretch of a stage. Offsets in ms. */
export interface Place {
  stage: string;
  stretch?: number;
  begin_ms?: number;
  end_ms?: number;
}

/** What taking files in will mean; those that are not there, or may not be captured, are left out. */
export interface Plan {
  files: PlannedFile[];
  bytes_per_second: number | null;
}

/** Recordings on the server's own disk; `probe` of the new ones are opened to tell seconds from bytes. */
export interface PlanRequest {
  paths: string[];
  probe?: number;
}

/** One recording that is to be taken in. */
export interface PlannedFile {
  path: string;
  size: number;
  source_id: number | null;
  started_at: string | null;
  time_source: "caller" | "sidecar" | "filename" | "container" | "mtime" | null;
  time_confidence: "high" | "medium" | "low" | null;
}

/** Whether anything is taken in now, and what of it is not kept. */
export interface Privacy {
  paused: boolean;
  since: string | null;
  until: string | null;
  by: string | null;
  rules: number;
  mask: ("cards" | "emails" | "keys")[];
}

/** What every error is answered with. `code` is stable; `detail` and `hint` are for people. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  request_id: string;
  instance: string;
  hint?: string | null;
  errors?: FieldError[] | null;
}

/** How many backups to keep, the newest first. */
export interface PruneRequest {
  keep: number;
  to?: string | null;
}

/** The names of the backups that were removed. */
export interface Pruned {
  removed: string[];
}

/** A model that was fetched, or was here already. */
export interface Pulled {
  name: string;
  path: string;
  bytes: number;
  sha256: string;
  checked: boolean;
}

/** Everything said in a range, source by source. */
export interface RangeTranscript {
  /** First instant of the range, UTC */
  from: string;
  to: string;
  sources: Transcript[];
}

/** Whether requests can be served now, and if not, why. */
export interface Readiness {
  ready: boolean;
  reasons: string[];
}

/** What a deletion was asked for and what it removed; kept for good, without what was removed. */
export interface Receipt {
  id: number;
  kind: "source" | "interval" | "retention" | "redaction";
  state: "running" | "done";
  asked: Record<string, unknown>;
  by: string;
  removed: Record<string, number>;
  freed_bytes: number;
  begun_at: string;
  finished_at: string | null;
  rows_in_file?: boolean;
}

/** Deletions, the newest first. */
export interface ReceiptPage {
  receipts: Receipt[];
  /** Give it back as `cursor` for more; null at the end */
  cursor: string | null;
}

/** What to make unrecognisable: `[from, to)` of one source or of all, or a region of its pictures. */
export interface RedactRequest {
  from: string;
  to: string;
  source?: number | null;
  /** Left, top, width and height, as shares of the picture; null: all of it */
  region?: [number, number, number, number] | null;
  /** Only say what that would be */
  dry_run?: boolean;
}

/** What a redaction would be about; nothing has been changed. */
export interface RedactionPlan {
  from: string;
  to: string;
  source: number | null;
  region: [number, number, number, number] | null;
  dry_run: true;
  sources: number;
  pictures: number;
  originals: number;
  detached: number;
}

/** A range of time whose recordings are listened to again, and with what. */
export interface Relisten {
  from: string;
  to: string;
  model?: string | null;
  language?: string | null;
  sources?: number[];
}

/** What a check found. */
export interface Report {
  depth: "quick" | "normal" | "deep";
  good: boolean;
  findings: Finding[];
  more: number;
  blocks: number | null;
  rows: number;
  sources: number;
  frames: number;
  bytes: number;
  seconds: number;
}

/** Jobs that wait again, by their ids. */
export interface Requeued {
  queued: number[];
}

/** Which stages are done again; model and language are for speech. */
export interface Rerun {
  stages: ("frames" | "speech" | "screen" | "index")[];
  model?: string | null;
  language?: string | null;
  priority?: number | null;
  from?: string | null;
  to?: string | null;
}

/** What the rules let go of now, by class; nothing has gone. `last` is the run before. */
export interface RetentionPlan {
  /** As in storage.retention */
  rules: Record<string, unknown>[];
  dry_run: boolean;
  removed: Record<string, Sum>;
  notes: number;
  freed_bytes: number;
  over_bytes: number;
  skipped: number[];
  forecast: Forecast;
  last: Receipt | null;
}

/** What the provider sent back with the browser: a code, or why there is none. */
export interface Return {
  state: string;
  code?: string | null;
  error?: string | null;
  iss?: string | null;
}

/** For how long the old token works on beside the new one. */
export interface Rotation {
  grace_seconds?: number;
}

/** Whether to remove, or only to say what would be. */
export interface Run {
  dry_run?: boolean;
}

/** What reads the text on screens. `engine` null: nothing does, and `note` says why. */
export interface ScreenFacts {
  engine: string | null;
  version: string | null;
  note: string;
}

/** A line of text that stood unchanged on the frames of a source for a while. */
export interface ScreenText {
  id: number;
  source_id: number;
  frame_id: number;
  start: string;
  end: string;
  text: string;
  confidence: number;
  engine: string;
  box: Box;
}

/** Some of the moments that answer a query, and how many hits there are in all. */
export interface SearchPage {
  moments: Moment[];
  cursor: string | null;
  total: number;
  counts_by_kind: Partial<Record<"speech" | "screen" | "note", number>>;
  counts_by_source: Record<string, number>;
  outside_range: number;
  read_as: string;
  sources: Record<string, string>;
}

/** A stretch of speech. `text` is what a person wrote, where one did; else what was heard. */
export interface Segment {
  id: number;
  source_id: number;
  start: string;
  end: string;
  text: string;
  language: string;
  confidence: number;
  model: string;
  words: Word[];
  channel?: "left" | "right" | null;
  suspect?: "loop" | "unsure" | "phantom" | "language" | null;
  heard?: string | null;
  heard_words?: Word[];
  edited_at?: string | null;
  edited_by?: string | null;
}

/** What was said in a range, in order of time. */
export interface SegmentPage {
  /** First instant of the range, UTC */
  from: string;
  to: string;
  range_defaulted: boolean;
  segments: Segment[];
  /** Give it back as `cursor` for more; null at the end */
  cursor: string | null;
}

/** What the recordings of one place and device that began on a day keep on disk. */
export interface Share {
  location: string | null;
  device: string | null;
  sources: number;
  image_bytes: number;
  original_bytes: number;
}

/** A span with the frame that stood there. */
export interface Shown {
  source_id: number;
  frame_id: number;
  start: string;
  end: string;
  samples: number;
  frame: Frame;
}

/** Either a token, or the code of a one-time link. */
export interface SignIn {
  token?: string | null;
  code?: string | null;
}

/** Who asks, as far as the server knows, and what they may. */
export interface SignedIn {
  name: string;
  scopes: ("read" | "write" | "capture" | "admin" | "metrics")[];
  limits: Limits | null;
  signed_in: boolean;
  required: boolean;
  proved: boolean;
  provider?: string | null;
}

/** One recording: a file or a live stream. */
export interface Source {
  id: number;
  kind: "file" | "live";
  name: string;
  location: string | null;
  device: string | null;
  content_hash: string;
  size: number;
  path: string | null;
  original: string | null;
  folder: string;
  started_at: string;
  ended_at: string | null;
  time_source: "caller" | "sidecar" | "filename" | "container" | "mtime";
  time_confidence: "high" | "medium" | "low";
  time_evidence: string;
  media: Media | null;
  state: "new" | "processing" | "ready" | "partial" | "failed";
  added_at: string;
  hotwords?: string | null;
  prompt?: string | null;
  scan_status?: "clean" | "head_clean" | "too_large" | "unreachable" | null;
}

/** Sources, the latest recording first. */
export interface SourcePage {
  sources: Source[];
  /** Give it back as `cursor` for more; null at the end */
  cursor: string | null;
}

/** An interval during which one frame stands for what a source showed. */
export interface Span {
  source_id: number;
  frame_id: number;
  start: string;
  end: string;
  samples: number;
}

/** The model that speech is written down with. `model` null: none is on this machine. */
export interface SpeechFacts {
  model: string | null;
  origin: string | null;
  device: string | null;
  compute_type: string;
  note: string;
}

/** The rows; `more` says whether there were others. */
export interface SqlAnswer {
  columns: string[];
  rows: unknown[][];
  more: boolean;
}

/** A question in SQL that only reads. */
export interface SqlRequest {
  query: string;
  limit?: number;
  seconds?: number;
}

/** A frame and the span during which it stood. */
export interface Standing {
  frame: Frame;
  span: Span;
}

/** How the memory is. */
export interface Status {
  status: "ok" | "degraded";
  reasons: string[];
  version: string;
  uptime_seconds: number;
  ready: boolean;
  database: DatabaseFacts;
  stored: StoredFacts;
  frames: FrameFacts;
  sources: Partial<Record<"new" | "processing" | "ready" | "partial" | "failed", number>>;
  jobs: Partial<Record<"queued" | "running" | "retrying" | "done" | "partial" | "failed" | "cancelled", number>>;
  oldest_queued_seconds: number | null;
  work: WorkFacts;
  speech: SpeechFacts;
  screen: ScreenFacts;
  disk: DiskFacts;
  disks: Volume[];
  backup: BackupFacts | null;
  expected: Freshness[];
  doubtful_times: number;
}

/** What is kept of the recordings of each day; days that keep nothing are left out. */
export interface Stored {
  from: string;
  to: string;
  range_defaulted: boolean;
  zone: string;
  days: StoredDay[];
}

/** One day in the asked zone, and what each place brought; the largest first. */
export interface StoredDay {
  day: string;
  shares: Share[];
}

/** Bytes of what is kept beside the database. */
export interface StoredFacts {
  image_bytes: number;
  original_bytes: number;
  originals: number;
  reel_frames: number;
  reel_saved_bytes: number;
}

/** What goes of one class. */
export interface Sum {
  sources: number;
  frames: number;
  bytes: number;
}

/** A segment with its place in the recording as well, in milliseconds since its start. */
export interface TimedSegment {
  id: number;
  start: string;
  end: string;
  start_ms: number;
  end_ms: number;
  text: string;
  language: string;
  confidence: number;
  model: string;
  channel: "left" | "right" | null;
  suspect: "loop" | "unsure" | "phantom" | "language" | null;
  heard: string | null;
  edited_at: string | null;
  edited_by: string | null;
  words: Word[];
}

/**
 * What was on screen, said and noted in a range; `sources` is keyed by id.
 *
 * `screen` holds the lines of text read off it, and segments their words, where they were asked for.
 *
 * `continues` says which source goes on from which without a pause, by id: same place and device, and at most
 * 2 s between them.
 */
export interface TimelinePage {
  /** First instant of the range, UTC */
  from: string;
  to: string;
  range_defaulted: boolean;
  spans: Shown[];
  segments: Segment[];
  notes: Note[];
  screen: ScreenText[];
  sources: Record<string, Source>;
  continues: Record<string, number>;
  /** Give it back as `cursor` for more; null at the end */
  cursor: string | null;
}

/** Leave to use a server: handed to a program, or a browser that signed in. Its secret is not here. */
export interface Token {
  id: string;
  kind: "token" | "session";
  name: string;
  scopes: ("read" | "write" | "capture" | "admin" | "metrics")[];
  limits: Limits | null;
  parent: string | null;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
}

/** All tokens and sessions, the newest first. */
export interface TokenList {
  tokens: Token[];
}

/** Everything said in a source. */
export interface Transcript {
  source_id: number;
  name: string;
  started_at: string;
  segments: TimedSegment[];
}

/** How soon a job is wanted. */
export interface Turn {
  /** 0 to 9, higher first; waiting raises it */
  priority: number;
}

/** What came of one period's upkeep. */
export interface Upkeep {
  period: "daily" | "weekly" | "monthly";
  ok: boolean;
  seconds: number;
  steps: MaintenanceStep[];
  capacity: Capacity;
}

/** Which upkeep to do; a longer period holds all of the shorter ones. */
export interface UpkeepRequest {
  period: "daily" | "weekly" | "monthly";
}

/** How far a resumable upload is, and what it became: a job, or the source with the same content. */
export interface UploadState {
  id: string;
  offset: number;
  size: number;
  expires_at: string;
  job: number | null;
  source: number | null;
}

/** What a look at every byte of a backup found. */
export interface Verdict {
  name: string;
  place: string;
  folder: string | null;
  good: boolean;
  problems: string[];
  files: number;
  bytes: number;
  rows: boolean;
}

/** The video stream that is looked at. */
export interface VideoStream {
  index: number;
  codec: string;
  width: number;
  height: number;
  fps: number | null;
  rotation?: number;
  interlaced?: boolean;
}

/** The volume of one folder. Folders with the same `volume` share their room. */
export interface Volume {
  root: string;
  path: string;
  volume: number;
  free_bytes: number;
  total_bytes: number;
}

/** All watched folders. */
export interface WatchReport {
  running: boolean;
  settle_seconds: number;
  poll_seconds: number;
  after: "keep" | "move" | "delete";
  held_back: string | null;
  folders: WatchedFolder[];
  recent: Ended[];
}

/** Folders on the server's own disk, and for how many seconds to watch them; 0 ends it. */
export interface WatchRequest {
  folders: string[];
  seconds?: number;
}

/** One watched folder as the last look found it. */
export interface WatchedFolder {
  path: string;
  state: "unseen" | "watched" | "gone";
  looked_at: string | null;
  files: number;
  taken: number;
  working: number;
  waiting: number;
  passed_over: PassedOver[];
}

/** Where the browser goes to sign in. */
export interface Way {
  url: string;
}

/** A backup by its name; without one the newest. `to` is the folder or bucket that it lies in. */
export interface WhichBackup {
  name?: string | null;
  to?: string | null;
}

/** A model by its name. */
export interface WhichModel {
  name: string;
}

/** One spoken word with its own time. */
export interface Word {
  start: string;
  end: string;
  text: string;
  probability: number;
}

/** What is being worked on, and how fast. `real_time_factor` null: nothing was captured yet. */
export interface WorkFacts {
  workers_silent_seconds: number | null;
  real_time_factor: number | null;
  index_behind: number;
}

/** What a request is answered with: `GET /api/status`. */
export type Answer<Request extends string> =
  Request extends "POST /api/session/provider/return" ? SignedIn :
  Request extends `GET /api/frames/${string}/text` ? FrameText :
  Request extends `POST /api/jobs/${string}/cancel` ? Job :
  Request extends `POST /api/jobs/${string}/priority` ? Job :
  Request extends `POST /api/jobs/${string}/retry` ? Job :
  Request extends `POST /api/sources/${string}/rerun` ? Job :
  Request extends `POST /api/tokens/${string}/rotate` ? MadeToken :
  Request extends `GET /api/sources/${string}/transcript.${string}` ? Transcript :
  Request extends "POST /api/backups/prune" ? Pruned :
  Request extends "POST /api/backups/verify" ? ChoreState :
  Request extends "POST /api/capture/plan" ? Plan :
  Request extends "POST /api/database/check" ? ChoreState :
  Request extends "POST /api/database/compact" ? ChoreState :
  Request extends "POST /api/database/reels" ? ChoreState :
  Request extends "POST /api/database/sql" ? SqlAnswer :
  Request extends "POST /api/jobs/retry" ? Requeued :
  Request extends "POST /api/models/pull" ? ChoreState :
  Request extends "POST /api/notes/batch" ? NoteBatch :
  Request extends "POST /api/privacy/pause" ? Privacy :
  Request extends "POST /api/privacy/resume" ? Privacy :
  Request extends "POST /api/session/link" ? Link :
  Request extends "POST /api/session/provider" ? Way :
  Request extends "GET /api/timeline/density" ? Density :
  Request extends "POST /api/tokens/forget" ? Forgotten :
  Request extends "POST /api/transcript/rerun" ? JobList :
  Request extends `GET /api/chores/${string}` ? ChoreState :
  Request extends `GET /api/frames/${string}` ? FrameWithSpans :
  Request extends `GET /api/jobs/${string}` ? Job :
  Request extends `GET /api/notes/${string}` ? Note :
  Request extends `PATCH /api/notes/${string}` ? Note :
  Request extends `DELETE /api/notes/${string}` ? null :
  Request extends `GET /api/pins/${string}` ? Pin :
  Request extends `DELETE /api/pins/${string}` ? null :
  Request extends `GET /api/receipts/${string}` ? Receipt :
  Request extends `GET /api/segments/${string}` ? Segment :
  Request extends `PATCH /api/segments/${string}` ? Segment :
  Request extends `GET /api/sources/${string}` ? Source :
  Request extends `PATCH /api/sources/${string}` ? Source :
  Request extends `DELETE /api/sources/${string}` ? Receipt :
  Request extends `DELETE /api/tokens/${string}` ? Token :
  Request extends `GET /api/uploads/${string}` ? UploadState :
  Request extends `PATCH /api/uploads/${string}` ? null :
  Request extends `DELETE /api/uploads/${string}` ? null :
  Request extends "GET /api/audit" ? AuditLog :
  Request extends "GET /api/backups" ? BackupList :
  Request extends "POST /api/backups" ? ChoreState :
  Request extends "GET /api/capacity" ? Capacity :
  Request extends "POST /api/capture" ? Job :
  Request extends "GET /api/database" ? DatabaseStats :
  Request extends "POST /api/delete" ? DeletionPlan | Receipt :
  Request extends "GET /api/frames" ? FramesAt | FramePage :
  Request extends "GET /api/jobs" ? JobPage :
  Request extends "POST /api/maintenance" ? Upkeep :
  Request extends "GET /api/models" ? ModelList :
  Request extends "GET /api/notes" ? NotePage :
  Request extends "POST /api/notes" ? Note :
  Request extends "GET /api/pins" ? PinPage :
  Request extends "POST /api/pins" ? Pin :
  Request extends "GET /api/privacy" ? Privacy :
  Request extends "GET /api/receipts" ? ReceiptPage :
  Request extends "POST /api/redact" ? RedactionPlan | Receipt :
  Request extends "GET /api/retention" ? RetentionPlan :
  Request extends "POST /api/retention" ? RetentionPlan | Receipt :
  Request extends "GET /api/search" ? SearchPage :
  Request extends "GET /api/segments" ? SegmentPage :
  Request extends "GET /api/session" ? SignedIn :
  Request extends "POST /api/session" ? SignedIn :
  Request extends "DELETE /api/session" ? null :
  Request extends "GET /api/sources" ? SourcePage :
  Request extends "GET /api/status" ? Status :
  Request extends "GET /api/storage" ? Stored :
  Request extends "GET /api/timeline" ? TimelinePage :
  Request extends "GET /api/tokens" ? TokenList :
  Request extends "POST /api/tokens" ? MadeToken :
  Request extends "POST /api/upload" ? Job | KnownFile :
  Request extends "OPTIONS /api/uploads" ? null :
  Request extends "GET /api/watch" ? WatchReport :
  Request extends "POST /api/watch" ? WatchReport :
  Request extends `GET /api/transcript.${string}` ? RangeTranscript :
  Request extends "GET /healthz" ? Healthy :
  Request extends "GET /readyz" ? Readiness :
  unknown;

/** What a request has to hold: `POST /api/notes`. */
export type Question<Request extends string> =
  Request extends "POST /api/session/provider/return" ? Return :
  Request extends `POST /api/jobs/${string}/priority` ? Turn :
  Request extends `POST /api/jobs/${string}/retry` ? Again | null :
  Request extends `POST /api/sources/${string}/rerun` ? Rerun :
  Request extends `POST /api/tokens/${string}/rotate` ? Rotation :
  Request extends "POST /api/backups/prune" ? PruneRequest :
  Request extends "POST /api/backups/verify" ? WhichBackup :
  Request extends "POST /api/capture/plan" ? PlanRequest :
  Request extends "POST /api/database/check" ? CheckRequest :
  Request extends "POST /api/database/sql" ? SqlRequest :
  Request extends "POST /api/models/pull" ? WhichModel :
  Request extends "POST /api/notes/batch" ? NewNotes :
  Request extends "POST /api/privacy/pause" ? PauseRequest | null :
  Request extends "POST /api/transcript/rerun" ? Relisten :
  Request extends `PATCH /api/notes/${string}` ? NoteChanges :
  Request extends `PATCH /api/segments/${string}` ? Correction :
  Request extends `PATCH /api/sources/${string}` ? Changes :
  Request extends "POST /api/backups" ? BackupRequest :
  Request extends "POST /api/capture" ? CaptureRequest :
  Request extends "POST /api/delete" ? Deletion :
  Request extends "POST /api/maintenance" ? UpkeepRequest :
  Request extends "POST /api/notes" ? NewNote :
  Request extends "POST /api/pins" ? NewPin :
  Request extends "POST /api/redact" ? RedactRequest :
  Request extends "POST /api/retention" ? Run :
  Request extends "POST /api/session" ? SignIn :
  Request extends "POST /api/tokens" ? NewToken :
  Request extends "POST /api/watch" ? WatchRequest :
  unknown;
