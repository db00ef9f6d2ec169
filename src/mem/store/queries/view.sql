-- tables --
-- What a limited reader could ask for at all. The blocks below each stand for one of them (view.py); where
-- nothing in a row is changed they name no columns, so that a new column needs no new line here.
select table_name as name from information_schema.tables where table_schema = current_schema()

-- sources --
-- The recordings within the limits. Of one that reaches beyond them in time only the part within is told,
-- and nothing that says more about the whole: not its length, its file or where that lies.
select
    id, kind, name, location, device,
    case when whole then content_hash else '' end as content_hash,
    case when whole then size else 0 end as size,
    case when whole then path end as path,
    case when whole then original end as original,
    case when whole then folder else '' end as folder,
    greatest(started_at, coalesce(:start, started_at)) as started_at,
    least(ended_at, coalesce(:end, ended_at)) as ended_at,
    time_source, time_confidence,
    case when whole then time_evidence else '' end as time_evidence,
    case when whole then media end as media,
    state, added_at,
    case when whole then hotwords end as hotwords,
    case when whole then prompt end as prompt, scan_status
from (
    select
        id, kind, name, location, device, content_hash, size, path, original, folder, started_at, ended_at,
        time_source, time_confidence, time_evidence, media, state, added_at, hotwords, prompt, scan_status,
        (:start is null or started_at >= :start)
            and (:end is null or (ended_at is not null and ended_at <= :end)) as whole
    from sources
    where (:sources is null or id = any(:sources))
        and (:end is null or started_at < :end)
        and (:start is null or ended_at > :start or (ended_at is null and started_at >= :start))
) as within_limits

-- frames --
-- The pictures that stood within the limits; one that came up before is told to have come up as they begin.
-- Where a picture lies tells how much lies before it, so to someone who is limited in time it is not told.
select
    id, source_id, greatest(first_seen, coalesce(:start, first_seen)) as first_seen, width, height, format,
    colour,
    case when :start is null and :end is null then pack else '' end as pack,
    case when :start is null and :end is null then "offset" else 0 end as "offset",
    length,
    case when :start is null and :end is null then thumb_offset else 0 end as thumb_offset,
    thumb_length, sha256,
    case when :start is null and :end is null then reel_offset end as reel_offset,
    still_length
from frames
where (:sources is null or source_id = any(:sources))
    and (:end is null or first_seen < :end)
    and (:start is null or first_seen >= :start or exists (
        select 1 from spans
        where spans.frame_id = frames.id and spans.source_id = frames.source_id
            and spans.end_at > :start and (:end is null or spans.start_at < :end)
    ))

-- spans --
-- Cut to the limits; of one that is cut it is not told how often it was looked at.
select
    source_id, frame_id,
    greatest(start_at, coalesce(:start, start_at)) as start_at,
    least(end_at, coalesce(:end, end_at)) as end_at,
    case when (:start is null or start_at >= :start) and (:end is null or end_at <= :end)
        then samples else 1 end as samples
from spans
where (:sources is null or source_id = any(:sources))
    and (:start is null or end_at > :start) and (:end is null or start_at < :end)

-- segments --
-- Speech that lies wholly within the limits.
select segments.* from segments
where (:sources is null or source_id = any(:sources))
    and (:start is null or start_at >= :start) and (:end is null or end_at <= :end)

-- screen_texts --
-- Cut to the limits, as the spans are on which a line stood.
select
    id, source_id, frame_id,
    greatest(start_at, coalesce(:start, start_at)) as start_at,
    least(end_at, coalesce(:end, end_at)) as end_at,
    text, confidence, engine, x, y, width, height, draft
from screen_texts
where (:sources is null or source_id = any(:sources))
    and (:start is null or end_at > :start) and (:end is null or start_at < :end)

-- notes --
-- Notes that lie wholly within the limits. One about no source may be about any.
select notes.* from notes
where (:sources is null or source_id = any(:sources))
    and (:start is null or start_at >= :start) and (:end is null or end_at <= :end)

-- index_changes --
-- The index is kept level by those who see everything.
select index_changes.* from index_changes where false

-- jobs --
-- The work on permitted sources. What it made is told in sums over a whole recording, so to someone who is
-- limited in time nothing of it is told.
select jobs.* from jobs where source_id = any(:sources) and :start is null and :end is null

-- job_events --
-- Likewise.
select job_events.* from job_events
where :start is null and :end is null
    and job_id in (select id from jobs where source_id = any(:sources))
