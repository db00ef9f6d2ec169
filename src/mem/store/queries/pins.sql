-- add --
-- A new pin.
insert into pins (source_id, start_at, end_at, reason, created_at)
values ($1::bigint, $2::timestamp, $3::timestamp, $4, $5::timestamp)
returning id

-- get --
-- One pin.
select id, source_id, start_at as start, end_at as "end", reason, created_at
from pins where id = $1::bigint

-- delete --
-- One pin.
delete from pins where id = $1::bigint returning id

-- page --
-- Pins in order of id.
select id, source_id, start_at as start, end_at as "end", reason, created_at
from pins where id > $2::bigint order by id nulls last limit $1::bigint

-- touching --
-- A pin of all sources keeps something of each; without a source in question every pin counts.
select id, source_id, start_at as start, end_at as "end", reason, created_at
from pins
where start_at < $2::timestamp and end_at > $1::timestamp
    and ($3::bigint is null or source_id is null or source_id = $3::bigint)
order by id nulls last limit $4::bigint
