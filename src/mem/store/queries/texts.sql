-- reserve --
-- Ids are drawn first, so that they are known in order whatever the engine does with the insert.
select nextval('segment_ids') as id from generate_series(1, $1::integer)

-- add_many --
-- All segments of a stretch in one statement.
insert into segments (id, source_id, start_at, end_at, text, language, confidence, model, words)
select
    (value ->> 0)::bigint, (value ->> 1)::bigint, (value ->> 2)::timestamp, (value ->> 3)::timestamp,
    value ->> 4, value ->> 5, (value ->> 6)::double precision, value ->> 7, value -> 8
from json_each($1::json)

-- between --
-- Segments that overlap an interval; $7 is the start less the longest that a segment can be.
select id, source_id, start_at as start, end_at as "end", text, language, confidence, model, words
from segments
where start_at > $7::timestamp and start_at < $2::timestamp and end_at > $1::timestamp
    and ($3::bigint is null or source_id = $3::bigint)
    and ($5::timestamp is null or (start_at, id) > ($5::timestamp, $6::bigint))
order by start_at nulls last, id nulls last
limit $4::bigint

-- of_source --
-- A transcript, page by page in time order.
select id, source_id, start_at as start, end_at as "end", text, language, confidence, model, words
from segments
where source_id = $1::bigint
    and ($3::timestamp is null or (start_at, id) > ($3::timestamp, $4::bigint))
order by start_at nulls last, id nulls last
limit $2::bigint
