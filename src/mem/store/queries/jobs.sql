-- enqueue --
-- A new job, due at once; $7 is its turn.
insert into jobs (
    kind, source_id, params, state, priority, attempt, max_attempts, progress, cancel_requested,
    not_before, fence, created_at, turn, deaths
)
values ($1, $2::bigint, $3::json, 'queued', $4::integer, 0, $5::integer, 0, false, $6::timestamp, 0,
    $6::timestamp, $7::timestamp, 0)
returning id

-- get --
-- One job.
select
    id, kind, source_id, params, state, priority, attempt, max_attempts, stage, progress,
    cancel_requested, error_code, error_detail, result, not_before, lease_owner, lease_until, fence,
    created_at, started_at, finished_at, place, deaths, skip, file_mark, parent
from jobs where id = $1::bigint

-- page --
-- Newest first; parts are told of with the job that they belong to.
select
    id, kind, source_id, params, state, priority, attempt, max_attempts, stage, progress,
    cancel_requested, error_code, error_detail, result, not_before, lease_owner, lease_until, fence,
    created_at, started_at, finished_at, place, deaths, skip, file_mark, parent
from jobs
where ($2::bigint is null or id < $2::bigint)
    and ($3::text is null or state = $3::text)
    and ($4::bigint is null or source_id = $4::bigint)
    and parent is null
order by id desc nulls last
limit $1::bigint

-- give_up --
-- Running jobs whose worker is silent, and which it makes no sense to start again: to be cancelled, lost
-- at one place $3 times, or without an attempt left.
update jobs
set state = case when cancel_requested then 'cancelled' else 'failed' end,
    error_code = case
        when cancel_requested then null
        when place is not null and case when place = fatal then deaths + 1 else 1 end >= $3::integer
            then 'poison'
        else 'worker_lost' end,
    error_detail = case when cancel_requested then null else $2::text end,
    deaths = case when place is null then deaths when place = fatal then deaths + 1 else 1 end,
    fatal = coalesce(place, fatal),
    lease_owner = null, lease_until = null, finished_at = $1::timestamp
where state = 'running' and lease_until <= $1::timestamp
    and (cancel_requested or attempt >= max_attempts
        or (place is not null and case when place = fatal then deaths + 1 else 1 end >= $3::integer))
returning id

-- lost --
-- Whether there is a job whose worker is silent: cheaper than to look for those that are to be given up.
select id from jobs where state = 'running' and lease_until <= $1::timestamp limit 1

-- explain --
-- Why it failed, said once all is known that the text names.
update jobs set error_detail = $2 where id = $1::bigint

-- due --
-- The job of these kinds (a list with commas) whose turn it is. A running one is due when its lease ran out;
-- only that has a lease. Without a look at the states this takes DuckDB 2 ms for 100,000 jobs, with it ten
-- times that.
select id, state, fence
from jobs
where finished_at is null and coalesce(lease_until, not_before) <= $1::timestamp
    and list_contains(string_split($2, ','), kind)
order by turn nulls last, id nulls last
limit 1

-- next --
-- The same for the one who is about to claim it.
select id, state, fence
from jobs
where finished_at is null and coalesce(lease_until, not_before) <= $1::timestamp
    and list_contains(string_split($2, ','), kind)
order by turn nulls last, id nulls last
limit 1

-- waiting_now --
-- Jobs that a worker could take at once, those first whose turn it is.
select id, kind, fence
from jobs
where state in ('queued', 'retrying') and not_before <= $1::timestamp
order by turn nulls last, id nulls last
limit $2::bigint

-- claim --
-- The last conditions make it a compare-and-set: nothing comes back when another worker was first. One
-- that was running has lost its worker at its place.
update jobs
set state = 'running', attempt = attempt + 1, fence = fence + 1, lease_owner = $5,
    lease_until = $6::timestamp, started_at = coalesce(started_at, $4::timestamp),
    error_code = null, error_detail = null,
    deaths = case
        when state <> 'running' or place is null then deaths when place = fatal then deaths + 1 else 1 end,
    fatal = case when state = 'running' then coalesce(place, fatal) else fatal end,
    place = null
where id = $1::bigint and state = $2 and fence = $3::bigint
    and (state <> 'running' or lease_until <= $4::timestamp)

-- hold --
-- Finds nothing under an old fence. Who writes to DuckDB is the only one until the transaction ends.
select id from jobs where id = $1::bigint and fence = $2::bigint and state = 'running'

-- heartbeat --
-- Only under the present fence.
update jobs set lease_until = $3::timestamp
where id = $1::bigint and fence = $2::bigint and state = 'running'

-- attach --
-- The source is known once the file was looked into; which file that was is noted with it.
update jobs set source_id = $3::bigint, file_mark = coalesce($4, file_mark)
where id = $1::bigint and fence = $2::bigint and state = 'running'

-- progress --
-- Only under the present fence. A new place that was come to by a commit ($6) begins the attempts anew.
update jobs set stage = coalesce($3, stage), progress = coalesce($4::double precision, progress),
    place = coalesce($5, place), attempt = case when $6::boolean then 1 else attempt end
where id = $1::bigint and fence = $2::bigint and state = 'running'

-- finish --
-- Only under the present fence.
update jobs
set state = $3, result = $4::json, error_code = $5, error_detail = $6, finished_at = $7::timestamp,
    progress = case when $3 = 'done' then 1 else progress end,
    lease_owner = null, lease_until = null
where id = $1::bigint and fence = $2::bigint and state = 'running'

-- retry_later --
-- Only under the present fence. A cancellation that came meanwhile wins.
update jobs
set state = case when cancel_requested then 'cancelled' else 'retrying' end,
    finished_at = case when cancel_requested then $6::timestamp end,
    not_before = $3::timestamp, error_code = $4, error_detail = $5, attempt = $7::integer,
    lease_owner = null, lease_until = null
where id = $1::bigint and fence = $2::bigint and state = 'running'

-- release --
-- Only under the present fence; the attempt does not count. A cancellation that came meanwhile wins.
update jobs
set state = case when cancel_requested then 'cancelled' else 'queued' end,
    finished_at = case when cancel_requested then $3::timestamp end,
    attempt = attempt - 1, lease_owner = null, lease_until = null
where id = $1::bigint and fence = $2::bigint and state = 'running'

-- cancel_waiting --
-- Nobody works on it, so it ends here.
update jobs set state = 'cancelled', cancel_requested = true, finished_at = $2::timestamp
where id = $1::bigint and state in ('queued', 'retrying')

-- cancel_running --
-- Its worker sees the wish with the next heartbeat.
update jobs set cancel_requested = true
where id = $1::bigint and state = 'running'

-- died --
-- A child of it ended badly: the death counts where the job is.
update jobs
set deaths = case when place is null then deaths when place = fatal then deaths + 1 else 1 end,
    fatal = coalesce(place, fatal)
where id = $1::bigint and fence = $2::bigint and state = 'running'

-- prioritise --
-- Its turn moves by what the levels between are worth; how long it has waited still counts.
update jobs set turn = turn + (priority - $2::integer) * $3::interval, priority = $2::integer
where id = $1::bigint and state in ('queued', 'retrying')

-- retry --
-- From the beginning of its attempts; what it committed stays and is not done again. With $3 the stretch
-- at which it was killed is left out.
update jobs
set state = 'queued', attempt = 0, cancel_requested = false, error_code = null, error_detail = null,
    result = null, progress = 0, stage = null, not_before = $2::timestamp, started_at = null,
    finished_at = null, deaths = 0, fatal = null, place = null,
    skip = case when $3::boolean then place else skip end,
    turn = $2::timestamp - priority * $4::interval
where id = $1::bigint and state in ('partial', 'failed', 'cancelled')
    and (not $3::boolean or (error_code = 'poison' and place is not null and place not like 'look:%'))

-- failed_with --
-- Jobs that failed for one of these reasons, the oldest first.
select id from jobs
where state = 'failed' and error_code in (select value ->> 0 from json_each($1::json))
    and id > $2::bigint and parent is null
order by id nulls last
limit $3::bigint

-- recover --
-- Jobs of workers that are gone. The fence moves so that even a late write of theirs is refused. The
-- attempt does not count: it may not have been the job that failed. The death does, where the job was at a
-- place: a process that dies there $3 times dies of it.
update jobs
set state = case
        when cancel_requested then 'cancelled'
        when place is not null and case when place = fatal then deaths + 1 else 1 end >= $3::integer
            then 'failed'
        else 'queued' end,
    error_code = case
        when not cancel_requested and place is not null
            and case when place = fatal then deaths + 1 else 1 end >= $3::integer then 'poison' end,
    finished_at = case
        when cancel_requested or (place is not null
            and case when place = fatal then deaths + 1 else 1 end >= $3::integer) then $1::timestamp end,
    deaths = case when place is null then deaths when place = fatal then deaths + 1 else 1 end,
    fatal = coalesce(place, fatal),
    attempt = attempt - 1, fence = fence + 1, lease_owner = null, lease_until = null
where state = 'running' and starts_with(lease_owner, $2::text)
returning id

-- active_for_path --
-- A file that is asked for again while its capture has not ended.
select
    id, kind, source_id, params, state, priority, attempt, max_attempts, stage, progress,
    cancel_requested, error_code, error_detail, result, not_before, lease_owner, lease_until, fence,
    created_at, started_at, finished_at, place, deaths, skip, file_mark, parent
from jobs
where state in ('queued', 'running', 'retrying') and (params ->> 'path') = $1
order by id nulls last
limit 1

-- of_path --
-- Whether an uploaded file was acknowledged with a job, and which.
select id from jobs where (params ->> 'path') = $1 limit 1

-- active_of --
-- Jobs of a source that have not ended.
select
    id, kind, source_id, params, state, priority, attempt, max_attempts, stage, progress,
    cancel_requested, error_code, error_detail, result, not_before, lease_owner, lease_until, fence,
    created_at, started_at, finished_at, place, deaths, skip, file_mark, parent
from jobs
where source_id = $1::bigint and state in ('queued', 'running', 'retrying')
order by id nulls last
limit $2::bigint

-- counts --
-- How many jobs are in each state; parts count with theirs.
select state, count(*) as "rows" from jobs where parent is null group by state

-- waiting --
-- How many jobs wait, and since when the oldest does. Parts count with their recording, which is worked on,
-- but the age is theirs as well: more workers would take them.
select count(*) filter (where parent is null) as "rows", min(created_at) as oldest
from jobs where state in ('queued', 'retrying')

-- worked_on --
-- Whether somebody has a job; one that rests while its parts wait has no lease.
select id from jobs where state = 'running' and lease_until is not null limit 1

-- add_event --
-- In the transaction of what it tells about.
insert into job_events (job_id, "at", type, data) values ($1::bigint, $2::timestamp, $3, $4::json)
returning id

-- events --
-- What happened after an event that the listener has seen.
select id, job_id, "at", type, data
from job_events
where id > $1::bigint and ($3::bigint is null or job_id = $3::bigint)
order by id nulls last
limit $2::bigint

-- latest_event --
-- Where a listener begins that wants only what is new.
select coalesce(max(id), 0) as id from job_events

-- forget_progress --
-- Steps on the way are of no use once a job has ended for some time.
delete from job_events
where type = 'progress' and job_id in (select id from jobs where finished_at < $1::timestamp)

-- others_wait --
-- Whether work of another kind has waited for a second that somebody could do now.
select id from jobs
where state in ('queued', 'retrying') and kind <> $1 and not_before <= $2::timestamp - interval '1 second'
limit 1

-- step_back --
-- A job that lets others go first waits as if it had just come.
update jobs set turn = $3::timestamp
where id = $1::bigint and fence = $2::bigint and state = 'running'

-- interrupt --
-- The worker of the job meets StaleFence, and it waits again; the attempt does not count.
update jobs
set state = 'queued', attempt = attempt - 1, fence = fence + 1, lease_owner = null, lease_until = null
where source_id = $1::bigint and kind = $2 and state = 'running' and not cancel_requested
returning id
