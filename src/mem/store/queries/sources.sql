-- reserve --
-- The id is part of the folder's name, so it is drawn before the row is written.
select nextval('source_ids') as id

-- add --
-- No row comes back when the content is known already, also when another process adds it right now.
insert into sources (
    id, kind, name, location, device, content_hash, size, path, original, folder, started_at, ended_at,
    time_source, time_confidence, time_evidence, media, state, added_at, scan_status
) values (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, null, $12, $13, $14, $15::json, 'new', $16, $17
)
on conflict (content_hash) do nothing

-- get --
-- One source.
select
    id, kind, name, location, device, content_hash, size, path, original, folder, started_at, ended_at,
    time_source, time_confidence, time_evidence, media, state, added_at, hotwords, prompt, scan_status
from sources where id = $1::bigint

-- folder --
-- Where the packs of a source lie, for whoever may see one of its frames.
select folder from sources where id = $1::bigint

-- by_hash --
-- The source with this content, if it was taken in before.
select
    id, kind, name, location, device, content_hash, size, path, original, folder, started_at, ended_at,
    time_source, time_confidence, time_evidence, media, state, added_at, hotwords, prompt, scan_status
from sources where content_hash = $1

-- by_ids --
-- Those of the given sources that exist.
select
    id, kind, name, location, device, content_hash, size, path, original, folder, started_at, ended_at,
    time_source, time_confidence, time_evidence, media, state, added_at, hotwords, prompt, scan_status
from sources where id = any($1::bigint[])

-- overlapping --
-- Recordings that lie in an interval, the earliest first.
select
    id, kind, name, location, device, content_hash, size, path, original, folder, started_at, ended_at,
    time_source, time_confidence, time_evidence, media, state, added_at, hotwords, prompt, scan_status
from sources
where started_at < $2::timestamp and (ended_at is null or ended_at > $1::timestamp)
order by started_at nulls last, id nulls last
limit $3::bigint

-- page --
-- Newest recording first; the key of the row before replaces an offset.
select
    id, kind, name, location, device, content_hash, size, path, original, folder, started_at, ended_at,
    time_source, time_confidence, time_evidence, media, state, added_at, hotwords, prompt, scan_status
from sources
where $2::timestamp is null or (started_at, id) < ($2::timestamp, $3::bigint)
order by started_at desc nulls last, id desc nulls last
limit $1::bigint

-- edit --
-- What a person calls it; a null leaves the value as it is.
update sources
set name = coalesce($2, name), location = coalesce($3, location), device = coalesce($4, device),
    hotwords = coalesce($5, hotwords), prompt = coalesce($6, prompt)
where id = $1::bigint

-- settle --
-- What capturing found out; a null leaves the value as it is.
update sources
set state = $2,
    ended_at = coalesce($3::timestamp, ended_at),
    media = coalesce($4::json, media),
    original = coalesce($5, original),
    path = coalesce($6, path)
where id = $1::bigint

-- abandon --
-- A source whose last job ended early is not being processed; what has a checkpoint can be looked at.
update sources
set state = case
    when exists (select 1 from checkpoints where source_id = $1::bigint) then 'partial' else 'failed' end
where id = $1::bigint and state = 'processing'
    and not exists (
        select 1 from jobs where source_id = $1::bigint and state in ('queued', 'running', 'retrying')
    )

-- drop_original --
-- The kept recording is gone; its rows and frames stay.
update sources set original = null where id = $1::bigint

-- redate --
-- The folder keeps its first name: packs are found through it.
update sources
set started_at = $2::timestamp,
    ended_at = ended_at + $3::interval,
    time_source = $4,
    time_confidence = $5,
    time_evidence = $6
where id = $1::bigint

-- move_frames --
-- Part of a redate.
update frames set first_seen = first_seen + $2::interval where source_id = $1::bigint

-- move_spans --
-- Part of a redate.
update spans set start_at = start_at + $2::interval, end_at = end_at + $2::interval
where source_id = $1::bigint

-- move_segments --
-- Part of a redate; words are stored relative to their segment and move with it.
update segments set start_at = start_at + $2::interval, end_at = end_at + $2::interval
where source_id = $1::bigint

-- move_screen_texts --
-- Part of a redate.
update screen_texts set start_at = start_at + $2::interval, end_at = end_at + $2::interval
where source_id = $1::bigint

-- move_notes --
-- Part of a redate: a note about a source is about its pictures and words, wherever those lie in time.
update notes set start_at = start_at + $2::interval, end_at = end_at + $2::interval
where source_id = $1::bigint

-- extent --
-- How many rows a source has in each table.
select 'sources' as "table", count(*) as "rows" from sources where id = $1::bigint
union all select 'frames', count(*) from frames where source_id = $1::bigint
union all select 'spans', count(*) from spans where source_id = $1::bigint
union all select 'segments', count(*) from segments where source_id = $1::bigint
union all select 'screen_texts', count(*) from screen_texts where source_id = $1::bigint
union all select 'notes', count(*) from notes where source_id = $1::bigint
union all select 'checkpoints', count(*) from checkpoints where source_id = $1::bigint
union all select 'jobs', count(*) from jobs where source_id = $1::bigint
union all select 'job_events', count(*) from job_events
    where job_id in (select id from jobs where source_id = $1::bigint)

-- delete_frames --
-- Part of a delete.
delete from frames where source_id = $1::bigint

-- delete_spans --
-- Part of a delete.
delete from spans where source_id = $1::bigint

-- delete_segments --
-- Part of a delete.
delete from segments where source_id = $1::bigint

-- delete_screen_texts --
-- Part of a delete.
delete from screen_texts where source_id = $1::bigint

-- delete_notes --
-- Part of a delete.
delete from notes where source_id = $1::bigint

-- delete_checkpoints --
-- Part of a delete.
delete from checkpoints where source_id = $1::bigint

-- delete_reels_tried --
-- Part of a delete.
delete from reels_tried where source_id = $1::bigint

-- delete_job_events --
-- Part of a delete, before the jobs themselves.
delete from job_events where job_id in (select id from jobs where source_id = $1::bigint)

-- delete_jobs --
-- Part of a delete; a worker that still has one meets StaleFence.
delete from jobs where source_id = $1::bigint

-- delete --
-- The source itself.
delete from sources where id = $1::bigint

-- counts --
-- How many sources are in each state.
select state, count(*) as "rows" from sources group by state

-- doubtful --
-- How many sources have a time that somebody should look at.
select count(*) as "rows" from sources where time_confidence = 'low'

-- whole_at --
-- Recordings that are whole in the memory, by where their files were found.
select id, path, size, added_at
from sources
where state = 'ready' and path in (select value ->> 0 from json_each($1::json))

-- facts --
-- What a page of hits says of its sources, and what decides whether they follow one another.
select id, name, location, device, started_at, ended_at from sources where id = any($1::bigint[])

-- facts_between --
-- The same of all sources in a range of ids.
select id, name, location, device, started_at, ended_at
from sources where id between $1::bigint and $2::bigint
