-- reserve --
-- Ids are drawn first, so that they are known in order whatever the engine does with the insert.
select nextval('screen_text_ids') as id from generate_series(1, $1::integer)

-- add_many --
-- All lines of a batch in one statement.
insert into screen_texts (
    id, source_id, frame_id, start_at, end_at, text, confidence, engine, x, y, width, height, draft
)
select
    (value ->> 0)::bigint, (value ->> 1)::bigint, (value ->> 2)::bigint, (value ->> 3)::timestamp,
    (value ->> 4)::timestamp, value ->> 5, (value ->> 6)::double precision, value ->> 7,
    (value ->> 8)::integer, (value ->> 9)::integer, (value ->> 10)::integer, (value ->> 11)::integer,
    (value ->> 12)::boolean
from json_each($1::json)

-- extend --
-- Lines that stood on into later frames.
update screen_texts set end_at = told.end_at
from (
    select (value ->> 0)::bigint as id, (value ->> 1)::timestamp as end_at from json_each($1::json)
) as told
where screen_texts.id = told.id

-- standing --
-- The lines that a source showed at an instant.
select id, source_id, frame_id, start_at as start, end_at as "end", text, confidence, engine, x, y, width, height
from screen_texts
where source_id = $1::bigint and start_at <= $2::timestamp and end_at > $2::timestamp
    and draft = $3::boolean
order by y nulls last, x nulls last, id nulls last
limit $4::bigint

-- between --
-- Lines that stood in an interval. They may have stood for any time, so nothing bounds their start.
select id, source_id, frame_id, start_at as start, end_at as "end", text, confidence, engine, x, y, width, height
from screen_texts
where start_at < $2::timestamp and end_at > $1::timestamp and not draft
    and ($3::bigint is null or source_id = $3::bigint)
    and ($5::timestamp is null or (start_at, id) > ($5::timestamp, $6::bigint))
order by start_at nulls last, id nulls last
limit $4::bigint

-- of_source --
-- All that was read off a source, page by page in time order.
select id, source_id, frame_id, start_at as start, end_at as "end", text, confidence, engine, x, y, width, height
from screen_texts
where source_id = $1::bigint and not draft
    and ($3::timestamp is null or (start_at, id) > ($3::timestamp, $4::bigint))
order by start_at nulls last, id nulls last
limit $2::bigint

-- count --
-- How many lines a reading of a source has so far.
select count(*) as "rows" from screen_texts where source_id = $1::bigint and draft = $2::boolean

-- drop --
-- The older reading, or a draft that is begun anew.
delete from screen_texts where source_id = $1::bigint and draft = $2::boolean returning id

-- publish --
-- A draft is whole and can be seen.
update screen_texts set draft = false where source_id = $1::bigint and draft returning id

-- first_shown --
-- When each of some frames came up first.
select frame_id, min(start_at) as start from spans
where source_id = $1::bigint and frame_id = any($2::bigint[])
group by frame_id
