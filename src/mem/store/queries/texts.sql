-- reserve --
-- Ids are drawn first, so that they are known in order whatever the engine does with the insert.
select nextval('segment_ids') as id from generate_series(1, $1::integer)

-- add_many --
-- All segments of a stretch in one statement.
insert into segments (id, source_id, start_at, end_at, text, language, confidence, model, words,
    channel, suspect, heard, heard_words, edited_at, edited_by)
select
    (value ->> 0)::bigint, (value ->> 1)::bigint, (value ->> 2)::timestamp, (value ->> 3)::timestamp,
    value ->> 4, value ->> 5, (value ->> 6)::double precision, value ->> 7, value -> 8,
    value ->> 9, value ->> 10, value ->> 11,
    case when (value ->> 12) is null then null else value -> 12 end, (value ->> 13)::timestamp, value ->> 14
from json_each($1::json)

-- clear --
-- Part of putting others in their place; what a person wrote stays.
delete from segments
where source_id = $1::bigint and edited_at is null
    and ($2::timestamp is null or (start_at >= $2::timestamp and start_at < $3::timestamp))

-- between --
-- Segments that overlap an interval; $7 is the start less the longest that a segment can be.
select id, source_id, start_at as start, end_at as "end", text, language, confidence, model, words,
    channel, suspect, heard, heard_words, edited_at, edited_by
from segments
where start_at > $7::timestamp and start_at < $2::timestamp and end_at > $1::timestamp
    and ($3::bigint is null or source_id = $3::bigint)
    and (not $8::boolean or (suspect is not null and edited_at is null))
    and ($5::timestamp is null or (start_at, id) > ($5::timestamp, $6::bigint))
order by start_at nulls last, id nulls last
limit $4::bigint

-- said_between --
-- The same without their words, which are most of what a row holds.
select id, source_id, start_at as start, end_at as "end", text, language, confidence, model,
    channel, suspect, heard, edited_at, edited_by
from segments
where start_at > $7::timestamp and start_at < $2::timestamp and end_at > $1::timestamp
    and ($3::bigint is null or source_id = $3::bigint)
    and (not $8::boolean or (suspect is not null and edited_at is null))
    and ($5::timestamp is null or (start_at, id) > ($5::timestamp, $6::bigint))
order by start_at nulls last, id nulls last
limit $4::bigint

-- of_source --
-- A transcript, page by page in time order.
select id, source_id, start_at as start, end_at as "end", text, language, confidence, model, words,
    channel, suspect, heard, heard_words, edited_at, edited_by
from segments
where source_id = $1::bigint
    and ($3::timestamp is null or (start_at, id) > ($3::timestamp, $4::bigint))
order by start_at nulls last, id nulls last
limit $2::bigint

-- get --
-- One segment.
select id, source_id, start_at as start, end_at as "end", text, language, confidence, model, words,
    channel, suspect, heard, heard_words, edited_at, edited_by
from segments where id = $1::bigint

-- edited --
-- What a person wrote in a source.
select id, source_id, start_at as start, end_at as "end", text, language, confidence, model, words,
    channel, suspect, heard, heard_words, edited_at, edited_by
from segments where source_id = $1::bigint and edited_at is not null
order by start_at nulls last, id nulls last

-- rewrite --
-- A person wrote what was said, or takes that back.
update segments
set text = $2, words = $3::json, heard = $4, heard_words = $5::json, edited_at = $6::timestamp,
    edited_by = $7
where id = $1::bigint
