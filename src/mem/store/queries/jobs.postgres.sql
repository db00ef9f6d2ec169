-- due --
-- The same as a look into each of two indexes, in the first one for each kind.
select id, state, fence
from (
    (
        select first.id, first.state, first.fence, first.turn
        from unnest(string_to_array($2::text, ',')) as wanted (kind)
        cross join lateral (
            select id, state, fence, turn from jobs
            where kind = wanted.kind and state in ('queued', 'retrying') and not_before <= $1::timestamp
            order by turn, id limit 1
        ) as first
    )
    union all
    (
        select id, state, fence, turn from jobs
        where state = 'running' and lease_until <= $1::timestamp
            and kind = any(string_to_array($2::text, ','))
        order by turn, id limit 1
    )
) as either
order by turn nulls last, id nulls last
limit 1

-- next --
-- The same, passing over those that another worker is claiming at this moment.
select id, state, fence
from (
    (
        select first.id, first.state, first.fence, first.turn
        from unnest(string_to_array($2::text, ',')) as wanted (kind)
        cross join lateral (
            select id, state, fence, turn from jobs
            where kind = wanted.kind and state in ('queued', 'retrying') and not_before <= $1::timestamp
            order by turn, id limit 1
            for update skip locked
        ) as first
    )
    union all
    (
        select lost.id, lost.state, lost.fence, lost.turn
        from (
            select id, state, fence, turn from jobs
            where state = 'running' and lease_until <= $1::timestamp
                and kind = any(string_to_array($2::text, ','))
            order by turn, id limit 1
            for update skip locked
        ) as lost
    )
) as either
order by turn nulls last, id nulls last
limit 1

-- hold --
-- The same, and keeps others from claiming it before this transaction ends.
select id from jobs where id = $1::bigint and fence = $2::bigint and state = 'running' for no key update

-- add_event --
-- One writer of events at a time, until its transaction ends: so the ids of events appear in their order,
-- and a listener that has seen one has seen all before it. The lock comes before the id is drawn.
with turn as materialized (select pg_advisory_xact_lock(7236209) is null as locked)
insert into job_events (job_id, "at", type, data)
select $1::bigint, $2::timestamp, $3, $4::json from turn
returning id
