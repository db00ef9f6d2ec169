-- beneath --
-- What is known of a folder's files, a page at a time; $1 ends in a slash.
select path, size, modified_ns, job_id, state, detail, gone_at
from watched_files
where starts_with(path, $1) and path > $2
order by path nulls last
limit $3::bigint

-- put --
-- A file was handed over, perhaps not for the first time: it has changed since.
insert into watched_files (path, size, modified_ns, job_id, state)
values ($1, $2::bigint, $3::bigint, $4::bigint, 'queued')
on conflict (path) do update
set size = excluded.size, modified_ns = excluded.modified_ns, job_id = excluded.job_id,
    state = 'queued', detail = null, gone_at = null

-- moved_on --
-- Files whose job is in another state than their row says; a job deleted in mid-work counts as cancelled.
select w.path, w.job_id, j.source_id, j.error_detail as detail,
    case when j.id is null then 'cancelled'
        when j.state in ('running', 'retrying') then 'queued' else j.state end as state
from watched_files w left join jobs j on j.id = w.job_id
where w.state <> case when j.id is null then case when w.state = 'queued' then 'cancelled' else w.state end
    when j.state in ('running', 'retrying') then 'queued' else j.state end
order by w.job_id nulls last
limit $1::bigint

-- settle --
-- Unless the file was handed over anew meanwhile.
update watched_files set state = $3, detail = $4 where path = $1 and job_id = $2::bigint

-- forget --
-- The file was moved or deleted by Mem.
delete from watched_files where path = $1

-- miss --
-- When a file was first missing; null: it is back. A folder that is gone for a while loses nothing.
update watched_files set gone_at = $2::timestamp
where path in (select value ->> 0 from json_each($1::json))

-- forget_missing --
-- Files that have been missing for long.
delete from watched_files where gone_at < $1::timestamp
