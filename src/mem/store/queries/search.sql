-- changed --
-- Something that can be found is new, different or gone.
insert into index_changes (kind, id)
select value ->> 0, (value ->> 1)::bigint from json_each($1::json)

-- changes_after --
-- What the index has not seen, in the order in which it happened.
select seq, kind, id from index_changes where seq > $1::bigint order by seq nulls last limit $2::bigint

-- latest_change --
-- Where the changes end.
select coalesce(max(seq), 0) as seq from index_changes

-- forget_until --
-- The index has seen these and is on disk.
delete from index_changes where seq <= $1::bigint

-- forget --
-- The same where several processes write, so that numbers may appear out of order.
delete from index_changes where seq = any($1::bigint[])

-- speech_by_ids --
-- Segments as the index and a page of hits need them: without their words.
select id, source_id, (extract(epoch from start_at) * 1000)::bigint as start,
    (extract(epoch from end_at) * 1000)::bigint as "end", text, language, heard,
    case when edited_at is null then suspect end as suspect
from segments where id = any($1::bigint[]) and id between $2::bigint and $3::bigint

-- screen_by_ids --
-- Lines of screen text likewise, and where each stands; a reading that is not published is not found.
select id, source_id, (extract(epoch from start_at) * 1000)::bigint as start,
    (extract(epoch from end_at) * 1000)::bigint as "end", text, frame_id, x, y, width, height
from screen_texts
where id = any($1::bigint[]) and id between $2::bigint and $3::bigint and not draft

-- note_by_ids --
-- Notes likewise.
select id, coalesce(source_id, 0) as source_id, (extract(epoch from start_at) * 1000)::bigint as start,
    (extract(epoch from end_at) * 1000)::bigint as "end", text, tags
from notes where id = any($1::bigint[]) and id between $2::bigint and $3::bigint

-- source_by_ids --
-- Sources likewise.
select
    id, id as source_id, (extract(epoch from started_at) * 1000)::bigint as start,
    (extract(epoch from coalesce(ended_at, started_at)) * 1000)::bigint as "end", name as text,
    coalesce(location, '') as location
from sources where id = any($1::bigint[]) and id between $2::bigint and $3::bigint

-- speech_after --
-- All segments in pages; $2 and $3 leave only those of some sources.
select id, source_id, (extract(epoch from start_at) * 1000)::bigint as start,
    (extract(epoch from end_at) * 1000)::bigint as "end", text, language, heard,
    case when edited_at is null then suspect end as suspect
from segments
where id > $1::bigint and ($2::bigint is null or source_id between $2::bigint and $3::bigint)
order by id nulls last limit $4::bigint

-- screen_after --
-- All lines of screen text likewise.
select id, source_id, (extract(epoch from start_at) * 1000)::bigint as start,
    (extract(epoch from end_at) * 1000)::bigint as "end", text, frame_id, x, y, width, height
from screen_texts
where id > $1::bigint and ($2::bigint is null or source_id between $2::bigint and $3::bigint) and not draft
order by id nulls last limit $4::bigint

-- note_after --
-- All notes likewise.
select id, coalesce(source_id, 0) as source_id, (extract(epoch from start_at) * 1000)::bigint as start,
    (extract(epoch from end_at) * 1000)::bigint as "end", text, tags
from notes
where id > $1::bigint and ($2::bigint is null or coalesce(source_id, 0) between $2::bigint and $3::bigint)
order by id nulls last limit $4::bigint

-- source_after --
-- All sources likewise.
select
    id, id as source_id, (extract(epoch from started_at) * 1000)::bigint as start,
    (extract(epoch from coalesce(ended_at, started_at)) * 1000)::bigint as "end", name as text,
    coalesce(location, '') as location
from sources where id > $1::bigint and ($2::bigint is null or id between $2::bigint and $3::bigint)
order by id nulls last limit $4::bigint

-- sources_after --
-- The ids of all sources in pages.
select id from sources where id >= $1::bigint order by id nulls last limit $2::bigint

-- counts --
-- What a whole index must hold as many of.
select 'speech' as kind, count(*) as "rows" from segments
union all select 'screen', count(*) from screen_texts where not draft
union all select 'note', count(*) from notes
union all select 'source', count(*) from sources
