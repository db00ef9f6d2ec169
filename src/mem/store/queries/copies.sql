-- frames_of --
-- The frames of one source, page by page in order of id.
select
    id, source_id, first_seen, width, height, format, colour, pack, "offset", length, thumb_offset,
    thumb_length, sha256, reel_offset, still_length
from frames where source_id = $1::bigint and id > $2::bigint order by id nulls last limit $3::bigint

-- spans_of --
-- The spans of one source, page by page in order of time.
select source_id, frame_id, start_at as start, end_at as "end", samples
from spans
where source_id = $1::bigint and ($2::timestamp is null or start_at > $2::timestamp)
order by start_at nulls last
limit $3::bigint

-- checkpoints_of --
-- How far each stage of one source is.
select source_id, stage, stretch, until_ms, pack, pack_length, state_file, facts, finished
from checkpoints where source_id = $1::bigint order by stage nulls last

-- loose_notes --
-- Notes about the time itself, whatever was recorded, a page at a time.
select
    id, source_id, start_at as start, end_at as "end", text, tags, type, author, metadata, created_at,
    updated_at
from notes where source_id is null and id > $1::bigint order by id nulls last limit $2::bigint

-- put_source --
-- A recording under the number that it had.
insert into sources (
    id, kind, name, location, device, content_hash, size, path, original, folder, started_at, ended_at,
    time_source, time_confidence, time_evidence, media, state, added_at, hotwords, prompt, scan_status
) values (
    $1::bigint, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::timestamp, $12::timestamp, $13, $14, $15, $16::json,
    $17, $18::timestamp, $19, $20, $21
)

-- put_notes --
-- Notes under the numbers that they had.
insert into notes (
    id, source_id, start_at, end_at, text, tags, type, author, metadata, created_at, updated_at
)
select
    (value ->> 0)::bigint, (value ->> 1)::bigint, (value ->> 2)::timestamp, (value ->> 3)::timestamp,
    value ->> 4, value -> 5, value ->> 6, value ->> 7, value -> 8, (value ->> 9)::timestamp,
    (value ->> 10)::timestamp
from json_each($1::json)

-- highest --
-- The highest number of each kind in use.
select
    (select coalesce(max(id), 0) from sources) as source_ids,
    (select coalesce(max(id), 0) from frames) as frame_ids,
    (select coalesce(max(id), 0) from segments) as segment_ids,
    (select coalesce(max(id), 0) from screen_texts) as screen_text_ids,
    (select coalesce(max(id), 0) from notes) as note_ids

-- draw --
-- Draws $2 numbers, so that those given out before are never given out again.
select max(nextval($1)) as last from generate_series(1, $2::integer)

-- untiled --
-- Where a span does not begin at the end of the one before it, by source; a source's first one is not asked.
select source_id, before_at as "end", start_at as start
from (
    select
        source_id, start_at,
        lag(end_at) over (partition by source_id order by start_at nulls last) as before_at
    from spans
) as following
where before_at is not null and before_at <> start_at
order by source_id nulls last, start_at nulls last
limit $1::bigint

-- backwards --
-- Spans that do not end after they start.
select source_id, start_at as start from spans where end_at <= start_at order by source_id nulls last limit $1::bigint

-- spanless --
-- Frames that stood for nothing.
select frames.id, frames.source_id from frames
where not exists (select 1 from spans where spans.frame_id = frames.id)
order by frames.id nulls last limit $1::bigint

-- frameless --
-- Spans whose frame is gone, and rows of sources that are gone.
select 'spans' as "table", source_id, count(*) as "rows" from spans
where not exists (select 1 from frames where frames.id = spans.frame_id)
group by source_id
union all select 'frames', source_id, count(*) from frames
where not exists (select 1 from sources where sources.id = frames.source_id)
group by source_id
union all select 'segments', source_id, count(*) from segments
where not exists (select 1 from sources where sources.id = segments.source_id)
group by source_id
union all select 'notes', source_id, count(*) from notes
where source_id is not null and not exists (select 1 from sources where sources.id = notes.source_id)
group by source_id
union all select 'checkpoints', source_id, count(*) from checkpoints
where not exists (select 1 from sources where sources.id = checkpoints.source_id)
group by source_id

-- open_packs --
-- The packs to which a capture that has not ended goes on writing.
select sources.folder, checkpoints.pack
from checkpoints join sources on sources.id = checkpoints.source_id
where not checkpoints.finished and checkpoints.pack is not null

-- pack_names --
-- Every pack that a frame lies in.
select distinct sources.folder, frames.pack
from frames join sources on sources.id = frames.source_id

-- undisturbed --
-- Whether no job works on a source, and the given stages of it that were begun have ended.
select
    not exists (select 1 from jobs where source_id = $1::bigint and state = 'running')
    and not exists (
        select 1 from checkpoints
        where source_id = $1::bigint and not finished and stage = any($2::text[])
    ) as quiet

-- worked_on --
-- Whether a job works on a source now.
select exists (
    select 1 from jobs where source_id = $1::bigint and state = 'running'
) as running

-- awaited_paths --
-- The files that jobs wait for or work on, and whether the recording in each is not known yet.
select params ->> 'path' as path, source_id is null as unknown from jobs
where state in ('queued', 'running', 'retrying') and (params ->> 'path') is not null
