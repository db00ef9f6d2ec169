-- get --
-- How far a stage of a source is.
select source_id, stage, stretch, until_ms, pack, pack_length, state_file, facts, finished
from checkpoints where source_id = $1::bigint and stage = $2

-- first --
-- Nothing comes back when another worker was first.
insert into checkpoints (source_id, stage, stretch, until_ms, pack, pack_length, state_file, facts, finished)
values ($1::bigint, $2, $3::integer, $4::bigint, $5, $6::bigint, $7, $8::json, $9::boolean)
on conflict (source_id, stage) do nothing

-- next --
-- The last condition makes it a compare-and-set: nothing comes back when another worker has gone on.
update checkpoints
set stretch = $3::integer, until_ms = $4::bigint, pack = $5, pack_length = $6::bigint, state_file = $7,
    facts = $8::json, finished = $9::boolean
where source_id = $1::bigint and stage = $2 and stretch = $10::integer

-- forget --
-- The stage begins anew.
delete from checkpoints where source_id = $1::bigint and stage = $2
