-- sizes --
-- Of the file that this process owns, in bytes; a backup under way attaches another one beside it.
select
    (block_size * used_blocks)::bigint as used, (block_size * free_blocks)::bigint as free
from pragma_database_size()
where database_name = current_database()

-- originals --
-- Recordings that are kept in the data directory, as they came.
select count(*) as files, coalesce(sum(size), 0)::bigint as bytes from sources where original is not null

-- captures --
-- What the last captures took: the speed of this machine with these recordings.
select result, finished_at
from jobs
where kind = 'capture' and state in ('done', 'partial') and result is not null and parent is null
order by finished_at desc nulls last, id desc nulls last
limit $1::bigint

-- ended --
-- How jobs ended since an instant, and why those that failed did.
select state, error_code, count(*) as "rows"
from jobs
where finished_at >= $1::timestamp and parent is null
group by state, error_code

-- forsaken --
-- Running jobs whose worker let the lease run out and which nobody took over.
select id, lease_owner, lease_until
from jobs
where state = 'running' and lease_until < $1::timestamp
order by lease_until nulls last
limit 5

-- delivered --
-- When a device, a place or a folder delivered last, and the newest instant that it recorded.
select max(added_at) as added_at, max(coalesce(ended_at, started_at)) as newest, count(*) as sources
from sources
where ($1::text is null or device = $1::text)
    and ($2::text is null or location = $2::text)
    and ($3::text is null or starts_with(path, $3::text))

-- unseen --
-- Changes that the search index has still to look at.
select count(*) as "rows" from index_changes where seq > $1::bigint

-- added --
-- How much was taken in each day since an instant: recordings, and the time that they cover.
select
    cast(added_at as date)::text as day, count(*) as sources,
    coalesce(sum(extract(epoch from (ended_at - started_at))), 0)::double precision as seconds,
    coalesce(sum(case when original is not null then size else 0 end), 0)::bigint as originals
from sources
where added_at >= $1::timestamp
group by 1
order by day nulls last

-- began --
-- When the first recording came.
select min(added_at) as added_at from sources

-- images_since --
-- Bytes of frames and thumbnails of the recordings that were added since an instant.
select coalesce(sum(cast(frames.length as bigint) + frames.thumb_length), 0)::bigint as bytes
from frames
join sources on sources.id = frames.source_id
where sources.added_at >= $1::timestamp

-- kept --
-- What recordings that began in an interval keep on disk, by place, device and quarter of an hour (UTC).
select
    location, device, (floor(extract(epoch from started_at) / 900) * 900)::bigint as quarter,
    count(*) as sources,
    coalesce(sum(case when original is not null then size else 0 end), 0)::bigint as original_bytes,
    coalesce(sum(images.bytes), 0)::bigint as image_bytes
from sources
left join (
    select frames.source_id, sum(cast(frames.length as bigint) + frames.thumb_length) as bytes
    from frames
    join sources on sources.id = frames.source_id
    where sources.started_at >= $1::timestamp and sources.started_at < $2::timestamp
    group by frames.source_id
) as images on images.source_id = sources.id
where started_at >= $1::timestamp and started_at < $2::timestamp
group by 1, 2, 3
order by quarter nulls last

-- checkpoint --
-- Brings the log into the file.
checkpoint

-- analyze --
-- Tells the planner how the rows lie.
analyze

-- rows --
-- How many rows each table has.
select 'sources' as "table", count(*) as "rows" from sources
union all select 'frames', count(*) from frames
union all select 'spans', count(*) from spans
union all select 'segments', count(*) from segments
union all select 'notes', count(*) from notes
union all select 'checkpoints', count(*) from checkpoints
union all select 'jobs', count(*) from jobs
union all select 'job_events', count(*) from job_events
