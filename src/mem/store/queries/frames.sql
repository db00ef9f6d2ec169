-- reserve --
-- Ids are drawn first, so that they are known in order whatever the engine does with the insert.
select nextval('frame_ids') as id from generate_series(1, $1::integer)

-- add_many --
-- All frames of a stretch in one statement.
insert into frames (
    id, source_id, first_seen, width, height, format, colour, pack, "offset", length, thumb_offset,
    thumb_length, sha256, reel_offset, still_length
)
select
    (value ->> 0)::bigint, (value ->> 1)::bigint, (value ->> 2)::timestamp, (value ->> 3)::integer,
    (value ->> 4)::integer, value ->> 5, value ->> 6, value ->> 7, (value ->> 8)::bigint,
    (value ->> 9)::integer, (value ->> 10)::bigint, (value ->> 11)::integer, value ->> 12,
    (value ->> 13)::bigint, (value ->> 14)::integer
from json_each($1::json)

-- add_spans --
-- All spans of a stretch in one statement.
insert into spans (source_id, frame_id, start_at, end_at, samples)
select
    (value ->> 0)::bigint, (value ->> 1)::bigint, (value ->> 2)::timestamp, (value ->> 3)::timestamp,
    (value ->> 4)::integer
from json_each($1::json)

-- extend_span --
-- The picture stayed on into the next stretch.
update spans set end_at = $3::timestamp, samples = $4::integer
where source_id = $1::bigint and start_at = $2::timestamp

-- clear --
-- Part of putting others in their place.
delete from frames where source_id = $1::bigint

-- clear_spans --
-- Part of the same.
delete from spans where source_id = $1::bigint

-- repoint --
-- Part of the same: what was read on screen keeps its time, and is now about what stands then.
update screen_texts set frame_id = spans.frame_id
from spans
where screen_texts.source_id = $1::bigint and spans.source_id = $1::bigint
    and spans.start_at <= screen_texts.start_at and spans.end_at > screen_texts.start_at
returning screen_texts.id, screen_texts.draft

-- packs --
-- The files that hold a source's frames.
select distinct pack from frames where source_id = $1::bigint

-- get --
-- One frame.
select
    id, source_id, first_seen, width, height, format, colour, pack, "offset", length, thumb_offset,
    thumb_length, sha256, reel_offset, still_length
from frames where id = $1::bigint

-- place --
-- Where the bytes of a picture lie, for whoever may see it.
select pack, "offset", thumb_offset, reel_offset from frames where id = $1::bigint

-- neighbours --
-- The frames of a source right before and right after one, by when they were first seen.
select id, true as earlier from (
    select id from frames
    where source_id = $1::bigint and (first_seen, id) < ($2::timestamp, $3::bigint)
    order by first_seen desc nulls last, id desc nulls last limit 1
) as before
union all
select id, false from (
    select id from frames
    where source_id = $1::bigint and (first_seen, id) > ($2::timestamp, $3::bigint)
    order by first_seen nulls last, id nulls last limit 1
) as behind

-- by_ids --
-- Those of the given frames that exist; the bounds let DuckDB skip what lies outside them.
select
    id, source_id, first_seen, width, height, format, colour, pack, "offset", length, thumb_offset,
    thumb_length, sha256, reel_offset, still_length
from frames where id = any($1::bigint[]) and id between $2::bigint and $3::bigint

-- by_range --
-- Frames whose ids lie close together, which DuckDB finds in half of the time.
select
    id, source_id, first_seen, width, height, format, colour, pack, "offset", length, thumb_offset,
    thumb_length, sha256, reel_offset, still_length
from frames where id between $1::bigint and $2::bigint

-- between --
-- Frames that came up in an interval.
select
    id, source_id, first_seen, width, height, format, colour, pack, "offset", length, thumb_offset,
    thumb_length, sha256, reel_offset, still_length
from frames
where first_seen >= $1::timestamp and first_seen < $2::timestamp
    and ($3::bigint is null or source_id = $3::bigint)
    and ($5::timestamp is null or (first_seen, id) > ($5::timestamp, $6::bigint))
order by first_seen nulls last, id nulls last
limit $4::bigint

-- playing --
-- The sources that were recording at an instant.
select id from sources
where started_at <= $1::timestamp and (ended_at is null or ended_at > $1::timestamp)
    and ($2::bigint is null or id = $2::bigint)
order by id nulls last

-- spans_between --
-- Spans that overlap an interval; $7 is where the earliest of them begins.
select source_id, frame_id, start_at as start, end_at as "end", samples
from spans
where start_at >= $7::timestamp and start_at < $2::timestamp and end_at > $1::timestamp
    and ($3::bigint is null or source_id = $3::bigint)
    and ($5::timestamp is null or (start_at, frame_id) > ($5::timestamp, $6::bigint))
order by start_at nulls last, frame_id nulls last
limit $4::bigint

-- at --
-- What stood at an instant: the span of each source that was recording then. To DuckDB a join with the
-- frames costs twice what it takes to read those few by their ids.
select
    spans.source_id, spans.frame_id, spans.start_at as start, spans.end_at as "end", spans.samples
from sources
join spans on spans.source_id = sources.id and spans.start_at <= $1::timestamp and spans.end_at > $1::timestamp
where sources.started_at <= $1::timestamp
    and (sources.ended_at is null or sources.ended_at > $1::timestamp)
    and ($2::bigint is null or sources.id = $2::bigint)
order by spans.source_id nulls last

-- shown_between --
-- Spans that overlap an interval. DuckDB skips what ended before it by its zone maps.
select source_id, frame_id, start_at as start, end_at as "end", samples
from spans
where start_at < $2::timestamp and end_at > $1::timestamp
    and ($3::bigint is null or source_id = $3::bigint)
    and ($5::timestamp is null or (start_at, frame_id) > ($5::timestamp, $6::bigint))
order by start_at nulls last, frame_id nulls last
limit $4::bigint

-- spans_of --
-- When a frame stood; a picture that came back has several spans.
select source_id, frame_id, start_at as start, end_at as "end", samples
from spans
where frame_id = $1::bigint and source_id = $2::bigint
order by start_at nulls last
limit $3::bigint

-- standing --
-- The spans that held many instants, each of one source. DuckDB skips what lies outside the first and
-- last of them by its zone maps.
with wanted as (
    select (value ->> 0)::bigint as source_id, (value ->> 1)::timestamp as moment
    from json_each($1::json)
)
select
    wanted.moment, spans.source_id, spans.frame_id, spans.start_at as start, spans.end_at as "end",
    spans.samples
from wanted
join spans on spans.source_id = wanted.source_id
    and spans.start_at <= wanted.moment and spans.end_at > wanted.moment
where spans.start_at <= (select max(moment) from wanted)
    and spans.end_at > (select min(moment) from wanted)

-- all_spans --
-- To be kept in memory (see standing.py); times in milliseconds since 1970.
select
    source_id, frame_id,
    (extract(epoch from start_at) * 1000)::bigint as start, (extract(epoch from end_at) * 1000)::bigint as "end"
from spans limit $1::bigint

-- density --
-- How much happened in each bucket of $3 seconds, counted from the start of the interval.
with moments as (
    select 'frames' as kind, first_seen as moment from frames
    where first_seen >= $1::timestamp and first_seen < $2::timestamp
        and ($4::bigint is null or source_id = $4::bigint)
    union all
    select 'segments', start_at from segments
    where start_at >= $1::timestamp and start_at < $2::timestamp
        and ($4::bigint is null or source_id = $4::bigint)
    union all
    select 'notes', start_at from notes
    where start_at >= $1::timestamp and start_at < $2::timestamp
        and ($4::bigint is null or source_id = $4::bigint)
)
select
    kind, floor(extract(epoch from (moment - $1::timestamp)) / $3::double precision)::bigint as bucket,
    count(*) as "rows"
from moments
group by 1, 2

-- stats --
-- Sums for the status page.
select
    (select count(*) from frames) as frames,
    (select coalesce(sum(cast(length as bigint) + thumb_length), 0)::bigint from frames) as bytes,
    (select count(*) from spans) as spans,
    (select coalesce(sum(samples), 0)::bigint from spans) as samples

-- stats_of --
-- The same for one source.
select
    (select count(*) from frames where source_id = $1::bigint) as frames,
    (select coalesce(sum(cast(length as bigint) + thumb_length), 0)::bigint
        from frames where source_id = $1::bigint) as bytes,
    (select count(*) from spans where source_id = $1::bigint) as spans,
    (select coalesce(sum(samples), 0)::bigint from spans where source_id = $1::bigint) as samples
