-- showing --
-- How many pictures stood in an interval.
select count(distinct frame_id) as "rows" from spans
where start_at < $2::timestamp and end_at > $1::timestamp and ($3::bigint is null or source_id = $3::bigint)

-- screen_texts --
-- What could be read on screen in an interval of a source, page by page.
select id, source_id, frame_id, start_at as start, end_at as "end", text, confidence, engine, x, y, width, height
from screen_texts
where source_id = $1::bigint and start_at < $3::timestamp and end_at > $2::timestamp and not draft
    and ($5::timestamp is null or (start_at, id) > ($5::timestamp, $6::bigint))
order by start_at nulls last, id nulls last
limit $4::bigint
