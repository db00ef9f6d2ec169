-- between --
-- PostgreSQL looks into a list by another function.
select
    id, source_id, start_at as start, end_at as "end", text, tags, type, author, metadata, created_at,
    updated_at
from notes
where start_at < $2::timestamp and end_at > $1::timestamp
    and ($3::bigint is null or source_id = $3::bigint)
    and ($5::timestamp is null or (start_at, id) > ($5::timestamp, $6::bigint))
    and ($7::text is null or jsonb_exists(tags::jsonb, $7::text))
    and ($8::text is null or type = $8::text)
    and ($9::text is null or author = $9::text)
order by start_at nulls last, id nulls last
limit $4::bigint
