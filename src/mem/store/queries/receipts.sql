-- begin --
-- A deletion begins.
insert into receipts (kind, state, asked, asker, removed, freed_bytes, pending, begun_at)
values ($1, 'running', $2::json, $3, '{}', 0, '[]', $4::timestamp)
returning id

-- add --
-- What went, in sums.
update receipts set removed = $2::json, freed_bytes = $3::bigint, pending = $4::json
where id = $1::bigint

-- files --
-- What is to go still.
select pending from receipts where id = $1::bigint

-- cleared --
-- The files are gone.
update receipts set pending = '[]' where id = $1::bigint

-- finish --
-- All is done.
update receipts set state = 'done', finished_at = $2::timestamp where id = $1::bigint

-- get --
-- One receipt.
select id, kind, state, asked, asker, removed, freed_bytes, begun_at, finished_at
from receipts where id = $1::bigint

-- page --
-- Newest first.
select id, kind, state, asked, asker, removed, freed_bytes, begun_at, finished_at
from receipts where $2::bigint is null or id < $2::bigint
order by id desc nulls last limit $1::bigint

-- unfinished --
-- Cut short by a crash or a full disk.
select id, kind, state, asked, asker, removed, freed_bytes, begun_at, finished_at
from receipts where state = 'running' order by id nulls last limit $1::bigint

-- latest --
-- The newest one of a kind; compaction and reels write receipts as well, and are no deletion.
select id, kind, state, asked, asker, removed, freed_bytes, begun_at, finished_at
from receipts where kind = $1 and asker not in ('compact', 'reels') order by id desc nulls last limit 1
