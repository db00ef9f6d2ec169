-- add --
-- A new note.
insert into notes (source_id, start_at, end_at, text, tags, type, author, metadata, created_at, updated_at)
values (
    $1::bigint, $2::timestamp, $3::timestamp, $4, $5::json, $6, $7, $8::json, $9::timestamp, $9::timestamp
)
returning id

-- get --
-- One note.
select
    id, source_id, start_at as start, end_at as "end", text, tags, type, author, metadata, created_at,
    updated_at
from notes where id = $1::bigint

-- edit --
-- A null leaves the value as it is; updated_at tells the index that there is something new.
update notes
set start_at = coalesce($2::timestamp, start_at),
    end_at = coalesce($3::timestamp, end_at),
    text = coalesce($4, text),
    tags = coalesce($5::json, tags),
    type = coalesce($6, type),
    metadata = coalesce($7::json, metadata),
    updated_at = $8::timestamp
where id = $1::bigint

-- delete --
-- One note.
delete from notes where id = $1::bigint returning id

-- between --
-- Notes that overlap an interval. They are few and may be of any length, so nothing bounds their start.
select
    id, source_id, start_at as start, end_at as "end", text, tags, type, author, metadata, created_at,
    updated_at
from notes
where start_at < $2::timestamp and end_at > $1::timestamp
    and ($3::bigint is null or source_id = $3::bigint)
    and ($5::timestamp is null or (start_at, id) > ($5::timestamp, $6::bigint))
    and ($7::text is null or list_contains(cast(tags as varchar[]), $7::text))
    and ($8::text is null or type = $8::text)
    and ($9::text is null or author = $9::text)
order by start_at nulls last, id nulls last
limit $4::bigint

-- of_source --
-- What goes into the source's folder, a page at a time.
select
    id, source_id, start_at as start, end_at as "end", text, tags, type, author, metadata, created_at,
    updated_at
from notes where source_id = $1::bigint and id > $2::bigint order by id nulls last limit $3::bigint
