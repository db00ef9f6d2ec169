-- overlapping --
-- Recordings of which something may lie in an interval.
select
    id, kind, name, location, device, content_hash, size, path, original, folder, started_at, ended_at,
    time_source, time_confidence, time_evidence, media, state, added_at, hotwords, prompt,
    scan_status
from sources
where started_at < $2::timestamp and (ended_at is null or ended_at > $1::timestamp)
    and ($3::bigint is null or id = $3::bigint)
order by id nulls last

-- extent --
-- How many rows of one source an interval touches; frames by the instant at which they were taken.
select 'frames' as "table", count(*) as "rows" from frames
    where source_id = $1::bigint and first_seen >= $2::timestamp and first_seen < $3::timestamp
union all select 'spans', count(*) from spans
    where source_id = $1::bigint and (
        (start_at < $3::timestamp and end_at > $2::timestamp)
        or frame_id in (
            select id from frames
            where source_id = $1::bigint and first_seen >= $2::timestamp and first_seen < $3::timestamp
        )
    )
union all select 'segments', count(*) from segments
    where source_id = $1::bigint and start_at < $3::timestamp and end_at > $2::timestamp
union all select 'notes', count(*) from notes
    where source_id = $1::bigint and start_at < $3::timestamp and end_at > $2::timestamp
union all select 'screen_texts', count(*) from screen_texts
    where source_id = $1::bigint and (
        (start_at < $3::timestamp and end_at > $2::timestamp)
        or frame_id in (
            select id from frames
            where source_id = $1::bigint and first_seen >= $2::timestamp and first_seen < $3::timestamp
        )
    )

-- loose_notes --
-- Notes about the time itself that touch an interval.
select count(*) as "rows" from notes
where source_id is null and start_at < $2::timestamp and end_at > $1::timestamp

-- delete_loose_notes --
-- The same, gone.
delete from notes
where source_id is null and start_at < $2::timestamp and end_at > $1::timestamp
returning id

-- picture_bytes --
-- Bytes that the pictures taken in an interval take in their packs, headers and padding included: those of a
-- tar, or within a reel those of its own.
select coalesce(sum(
    case when reel_offset is null then cast(length as bigint) + 1023 - mod(length + 511, 512)
        else cast(length as bigint) + 12 end
    + thumb_length + 1023 - mod(thumb_length + 511, 512)
), 0)::bigint as bytes
from frames
where source_id = $1::bigint and first_seen >= $2::timestamp and first_seen < $3::timestamp

-- uncovered --
-- Milliseconds outside of an interval for which a picture stands that was taken in it.
select coalesce(sum(
    extract(epoch from (least(end_at, $2::timestamp) - least(start_at, $2::timestamp)))
    + extract(epoch from (greatest(end_at, $3::timestamp) - greatest(start_at, $3::timestamp)))
), 0)::double precision * 1000 as ms
from spans
where source_id = $1::bigint and frame_id in (
    select id from frames
    where source_id = $1::bigint and first_seen >= $2::timestamp and first_seen < $3::timestamp
)

-- edges --
-- Spans that reach over the ends of an interval: two at most, since spans tile.
select source_id, frame_id, start_at as start, end_at as "end", samples
from spans
where source_id = $1::bigint and start_at < $3::timestamp and end_at > $2::timestamp
    and (start_at < $2::timestamp or end_at > $3::timestamp)

-- delete_spans --
-- What stood in an interval.
delete from spans
where source_id = $1::bigint and start_at < $3::timestamp and end_at > $2::timestamp
returning frame_id

-- delete_segments --
-- What was said in an interval, whole segments: words cut in two would still say it.
delete from segments
where source_id = $1::bigint and start_at < $3::timestamp and end_at > $2::timestamp
returning id

-- delete_notes --
-- What was noted about an interval of a source.
delete from notes
where source_id = $1::bigint and start_at < $3::timestamp and end_at > $2::timestamp
returning id

-- split_screen_texts --
-- Lines that stood before an interval and on behind it: what is behind becomes a line of its own. Those off
-- pictures that were taken in the interval are left, here and in the next two, to go whole.
insert into screen_texts (
    source_id, frame_id, start_at, end_at, text, confidence, engine, x, y, width, height, draft
)
select
    source_id, frame_id, $3::timestamp, end_at, text, confidence, engine, x, y, width, height, draft
from screen_texts
where source_id = $1::bigint and start_at < $2::timestamp and end_at > $3::timestamp
    and frame_id not in (
        select id from frames
        where source_id = $1::bigint and first_seen >= $2::timestamp and first_seen < $3::timestamp
    )

-- end_screen_texts --
-- Lines that stood before it end with its beginning.
update screen_texts set end_at = $2::timestamp
where source_id = $1::bigint and start_at < $2::timestamp and end_at > $2::timestamp
    and frame_id not in (
        select id from frames
        where source_id = $1::bigint and first_seen >= $2::timestamp and first_seen < $3::timestamp
    )

-- begin_screen_texts --
-- Lines that stood on behind it begin with its end.
update screen_texts set start_at = $3::timestamp
where source_id = $1::bigint and start_at >= $2::timestamp and start_at < $3::timestamp
    and end_at > $3::timestamp
    and frame_id not in (
        select id from frames
        where source_id = $1::bigint and first_seen >= $2::timestamp and first_seen < $3::timestamp
    )

-- delete_screen_texts --
-- What could be read in an interval, or off a picture that was taken in it.
delete from screen_texts
where source_id = $1::bigint and (
    (start_at < $3::timestamp and end_at > $2::timestamp)
    or frame_id in (
        select id from frames
        where source_id = $1::bigint and first_seen >= $2::timestamp and first_seen < $3::timestamp
    )
)
returning id

-- tell_screen_texts --
-- Lines off pictures that go stand on the picture that is shown instead.
update screen_texts set frame_id = told.other
from (
    select (value ->> 0)::bigint as id, (value ->> 1)::bigint as other from json_each($1::json)
) as told
where screen_texts.frame_id = told.id

-- screen_texts_of_frames --
-- Published lines that stand on some frames.
select id from screen_texts where source_id = $1::bigint and frame_id = any($2::bigint[]) and not draft

-- detach --
-- The recording itself is no longer known to Mem.
update sources set path = null, original = null where id = $1::bigint

-- drop_states --
-- A capture cannot go on from what it remembered of a deleted interval.
update checkpoints set state_file = null where source_id = $1::bigint

-- taken_in --
-- Frames of one source that were taken in an interval, by pack.
select id, pack from frames
where source_id = $1::bigint and first_seen >= $2::timestamp and first_seen < $3::timestamp

-- of_pack --
-- The frames in one pack in the order of time.
select
    id, source_id, first_seen, width, height, format, colour, pack, "offset", length, thumb_offset,
    thumb_length, sha256, reel_offset, still_length
from frames where source_id = $1::bigint and pack = $2
order by first_seen nulls last, id nulls last

-- packs --
-- Every pack that a source's frames lie in.
select distinct pack from frames where source_id = $1::bigint order by pack nulls last

-- delete_frames --
-- Frames whose pictures go.
delete from frames where source_id = $1::bigint and id = any($2::bigint[])

-- spans_of_frames --
-- When some frames stood.
select source_id, frame_id, start_at as start, end_at as "end", samples
from spans where source_id = $1::bigint and frame_id = any($2::bigint[])
order by start_at nulls last

-- delete_spans_of_frames --
-- They are written anew, or stand for nothing any more.
delete from spans where source_id = $1::bigint and frame_id = any($2::bigint[])

-- move --
-- Pictures lie in another pack now.
update frames
set pack = moved.pack, "offset" = moved.place, thumb_offset = moved.thumb, reel_offset = moved.reel
from (
    select (value ->> 0)::bigint as id, value ->> 1 as pack, (value ->> 2)::bigint as place,
        (value ->> 3)::bigint as thumb, (value ->> 4)::bigint as reel
    from json_each($1::json)
) as moved
where frames.id = moved.id

-- move_checkpoint --
-- So does what a capture would go on with.
update checkpoints set pack = $3, pack_length = $4::bigint
where source_id = $1::bigint and pack = $2

-- settled --
-- Sources that nothing works on and that are whole as far as they go, in the order of time; the last
-- three parameters leave only one, or those of a place or device.
select
    id, kind, name, location, device, content_hash, size, path, original, folder, started_at, ended_at,
    time_source, time_confidence, time_evidence, media, state, added_at, hotwords, prompt,
    scan_status
from sources
where state in ('ready', 'partial') and ended_at is not null
    and ($1::timestamp is null or started_at < $1::timestamp)
    and ($2::bigint is null or id = $2::bigint)
    and ($3::text is null or location = $3::text)
    and ($4::text is null or device = $4::text)
    and id not in (
        select source_id from jobs
        where source_id is not null and state in ('queued', 'running', 'retrying')
    )
    and id not in (select source_id from checkpoints where not finished)
order by started_at nulls last, id nulls last

-- pinned --
-- Sources of which a pin keeps something.
select distinct sources.id
from sources
join pins on pins.start_at < sources.ended_at and pins.end_at > sources.started_at
    and (pins.source_id is null or pins.source_id = sources.id)

-- removable --
-- Frames taken before an instant that no pin keeps, or ($2) those of them that are not the first of their
-- minute, in sums by pack.
with kept as (
    select spans.frame_id from spans
    join pins on pins.start_at < spans.end_at and pins.end_at > spans.start_at
        and (pins.source_id is null or pins.source_id = spans.source_id)
),
placed as (
    select
        id, source_id, pack, first_seen, length, thumb_length, reel_offset,
        row_number() over (
            partition by source_id, pack, date_trunc('minute', first_seen)
            order by first_seen nulls last, id nulls last
        ) as place
    from frames
    where $1::timestamp is null or first_seen < $1::timestamp
)
select
    source_id, pack, min(first_seen) as earliest, count(*) as frames,
    sum(
        case when reel_offset is null then cast(length as bigint) + 1023 - mod(length + 511, 512)
            else cast(length as bigint) + 12 end
        + thumb_length + 1023 - mod(thumb_length + 511, 512)
    )::bigint as bytes
from placed
where (place > 1 or not $2::boolean) and id not in (select frame_id from kept)
group by source_id, pack
order by earliest nulls last, source_id nulls last, pack nulls last

-- removable_of_pack --
-- The same frames of one pack, one by one.
with kept as (
    select spans.frame_id from spans
    join pins on pins.start_at < spans.end_at and pins.end_at > spans.start_at
        and (pins.source_id is null or pins.source_id = spans.source_id)
    where spans.source_id = $3::bigint
),
placed as (
    select
        id,
        row_number() over (
            partition by date_trunc('minute', first_seen) order by first_seen nulls last, id nulls last
        ) as place
    from frames
    where source_id = $3::bigint and pack = $4
        and ($1::timestamp is null or first_seen < $1::timestamp)
)
select id from placed
where (place > 1 or not $2::boolean) and id not in (select frame_id from kept)

-- pack_bytes --
-- Bytes of the pictures of each source.
select source_id, sum(
    case when reel_offset is null then cast(length as bigint) + 1023 - mod(length + 511, 512)
        else cast(length as bigint) + 12 end
    + thumb_length + 1023 - mod(thumb_length + 511, 512)
)::bigint as bytes
from frames group by source_id

-- kept --
-- The recordings that are kept as they were uploaded, with their bytes; the parameters as in `settled`.
select id, case when original is null then 0 else size end as bytes
from sources
where ($1::bigint is null or id = $1::bigint)
    and ($2::text is null or location = $2::text)
    and ($3::text is null or device = $3::text)

-- old_notes --
-- Notes about the time itself that ended before an instant and that no pin keeps.
select id from notes
where source_id is null and end_at <= $1::timestamp
    and id not in (
        select notes.id from notes
        join pins on pins.source_id is null and pins.start_at < notes.end_at and pins.end_at > notes.start_at
    )

-- delete_old_notes --
-- The same, gone.
delete from notes where id = any($1::bigint[]) returning id

-- redraw --
-- Pictures whose bytes are others now.
update frames
set length = drawn.length, thumb_length = drawn.thumb, sha256 = drawn.sha256, colour = drawn.colour,
    still_length = drawn.still
from (
    select (value ->> 0)::bigint as id, (value ->> 1)::integer as length, (value ->> 2)::integer as thumb,
        value ->> 3 as sha256, value ->> 4 as colour, (value ->> 5)::integer as still
    from json_each($1::json)
) as drawn
where frames.id = drawn.id

-- standing_in --
-- Frames that show something of an interval: taken in it, or standing for a part of it.
select id, pack from frames
where source_id = $1::bigint and (
    (first_seen >= $2::timestamp and first_seen < $3::timestamp)
    or id in (
        select frame_id from spans
        where source_id = $1::bigint and start_at < $3::timestamp and end_at > $2::timestamp
    )
)

-- redact_screen_texts --
-- Lines that stood on such frames, in a region of the picture: left, top, width and height as shares of it.
delete from screen_texts
where source_id = $1::bigint and id in (
    select screen_texts.id
    from screen_texts join frames on frames.id = screen_texts.frame_id
    where screen_texts.source_id = $1::bigint
        and (
            (screen_texts.start_at < $3::timestamp and screen_texts.end_at > $2::timestamp)
            or (frames.first_seen >= $2::timestamp and frames.first_seen < $3::timestamp)
        )
        and x < ($4::double precision + $6::double precision) * frames.width
        and x + screen_texts.width > $4::double precision * frames.width
        and y < ($5::double precision + $7::double precision) * frames.height
        and y + screen_texts.height > $5::double precision * frames.height
)
returning id
