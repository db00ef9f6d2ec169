-- add --
-- A job like the recording's own, whose turn is its turn, for a part of it.
insert into jobs (
    kind, source_id, params, state, priority, attempt, max_attempts, progress, cancel_requested,
    not_before, fence, created_at, turn, deaths, parent, file_mark
)
select
    kind, source_id, $2::json, 'queued', priority, 0, max_attempts, 0, false, $3::timestamp, 0,
    $3::timestamp, turn, 0, id, file_mark
from jobs where id = $1::bigint

-- of_source --
-- The parts of a recording, in their order.
select
    id, kind, source_id, params, state, priority, attempt, max_attempts, stage, progress,
    cancel_requested, error_code, error_detail, result, not_before, lease_owner, lease_until, fence,
    created_at, started_at, finished_at, place, deaths, skip, file_mark, parent
from jobs where source_id = $1::bigint and parent is not null
order by id nulls last

-- of_job --
-- The parts of a job, in their order.
select
    id, kind, source_id, params, state, priority, attempt, max_attempts, stage, progress,
    cancel_requested, error_code, error_detail, result, not_before, lease_owner, lease_until, fence,
    created_at, started_at, finished_at, place, deaths, skip, file_mark, parent
from jobs where parent = $1::bigint
order by id nulls last

-- counted --
-- How many parts jobs have, and how many of them are done; those without any are left out.
select parent, count(*) filter (where state = 'done') as done, count(*) as "rows"
from jobs where parent = any($1::bigint[])
group by parent

-- adopt --
-- The parts go on under another job of the recording; the one that they were of has ended.
update jobs set parent = $2::bigint where source_id = $1::bigint and parent is not null

-- again --
-- Parts of a job that ended without being done ($2: or this one) are to be done, from where they stopped;
-- with $4 without the stretch that killed one.
update jobs
set state = 'queued', attempt = 0, cancel_requested = false, error_code = null, error_detail = null,
    result = null, progress = 0, stage = null, not_before = $3::timestamp, started_at = null,
    finished_at = null, deaths = 0, fatal = null, place = null,
    skip = case when $4::boolean and error_code = 'poison' then place else skip end
where parent = $1::bigint and (state in ('failed', 'cancelled', 'partial') or id = $2::bigint)

-- cancel_waiting --
-- Nobody works on these, so they end here.
update jobs set state = 'cancelled', cancel_requested = true, finished_at = $2::timestamp
where parent = $1::bigint and state in ('queued', 'retrying')

-- cancel_running --
-- Their workers see the wish with the next heartbeat.
update jobs set cancel_requested = true where parent = $1::bigint and state = 'running'

-- prioritise --
-- Parts that wait, and the job that they are of where it rests.
update jobs set turn = turn + (priority - $2::integer) * $3::interval, priority = $2::integer
where (parent = $1::bigint and state in ('queued', 'retrying'))
    or (id = $1::bigint and state = 'running' and lease_until is null)

-- sum --
-- How far a resting job is: each part by its share of the whole work.
update jobs
set stage = 'see',
    progress = (
        select coalesce(sum(part.progress * (part.params ->> 'share')::double precision), 0)
        from jobs as part where part.parent = $1::bigint
    )
where id = $1::bigint and state = 'running' and lease_until is null

-- lock --
-- Changes nothing, and waits for whoever changes the row.
update jobs set parent = parent where id = $1::bigint

-- rest --
-- Only under the present fence. The job has no worker until it is woken; the attempt does not count.
update jobs
set lease_owner = null, lease_until = null, fence = fence + 1, attempt = attempt - 1, place = null,
    not_before = timestamp '9999-12-31'
where id = $1::bigint and fence = $2::bigint and state = 'running'

-- ended --
-- How many parts of a job have ended.
select count(*) as "rows" from jobs where parent = $1::bigint and finished_at is not null

-- wake --
-- A job that rests is due again; one that is to be cancelled ends once none of its parts is worked on.
update jobs
set state = case when cancel_requested then 'cancelled' else 'queued' end,
    finished_at = case when cancel_requested then $2::timestamp end,
    not_before = $2::timestamp
where id = $1::bigint and state = 'running' and lease_until is null
    and (not cancel_requested or not exists (
        select 1 from jobs as part where part.parent = $1::bigint and part.finished_at is null
    ))
