-- standing --
-- The last span that begins at or before an instant is the only one that can hold it, and one step into
-- an index: 2 ms for 50 instants in a year of spans, where the join takes 1.7 s. DuckDB has no index, and
-- this form makes it compare every instant with every span.
with wanted as (
    select (value ->> 0)::bigint as source_id, (value ->> 1)::timestamp as moment
    from json_each($1::json)
)
select
    wanted.moment, held.source_id, held.frame_id, held.start_at as start, held.end_at as "end",
    held.samples
from wanted
cross join lateral (
    select source_id, frame_id, start_at, end_at, samples
    from spans
    where spans.source_id = wanted.source_id and spans.start_at <= wanted.moment
    order by spans.start_at desc nulls last
    limit 1
) as held
where held.end_at > wanted.moment

-- stats --
-- From the sums that triggers keep (0008_totals): one row a source.
select
    coalesce(sum(frames), 0)::bigint as frames, coalesce(sum(bytes), 0)::bigint as bytes,
    coalesce(sum(spans), 0)::bigint as spans, coalesce(sum(samples), 0)::bigint as samples
from source_totals

-- stats_of --
-- The same for one source.
select
    coalesce(sum(frames), 0)::bigint as frames, coalesce(sum(bytes), 0)::bigint as bytes,
    coalesce(sum(spans), 0)::bigint as spans, coalesce(sum(samples), 0)::bigint as samples
from source_totals where source_id = $1::bigint

-- at --
-- The last span of each source that was recording is one step into an index.
select
    held.source_id, held.frame_id, held.start_at as start, held.end_at as "end", held.samples
from sources
cross join lateral (
    select source_id, frame_id, start_at, end_at, samples
    from spans
    where spans.source_id = sources.id and spans.start_at <= $1::timestamp
    order by spans.start_at desc nulls last
    limit 1
) as held
where sources.started_at <= $1::timestamp
    and (sources.ended_at is null or sources.ended_at > $1::timestamp)
    and ($2::bigint is null or sources.id = $2::bigint) and held.end_at > $1::timestamp
order by held.source_id nulls last

-- shown_between --
-- Spans that overlap an interval. No index finds what began before it and had not ended, so
-- the earliest of those is found by the sources that were recording as it begins.
with earliest as (
    select min(held.start_at) as moment
    from sources
    cross join lateral (
        select start_at, end_at
        from spans
        where spans.source_id = sources.id and spans.start_at <= $1::timestamp
        order by spans.start_at desc nulls last
        limit 1
    ) as held
    where sources.started_at <= $1::timestamp
        and (sources.ended_at is null or sources.ended_at > $1::timestamp)
        and ($3::bigint is null or sources.id = $3::bigint) and held.end_at > $1::timestamp
)
select source_id, frame_id, start_at as start, end_at as "end", samples
from spans
where start_at >= coalesce((select moment from earliest), $1::timestamp)
    and start_at < $2::timestamp and end_at > $1::timestamp
    and ($3::bigint is null or source_id = $3::bigint)
    and ($5::timestamp is null or (start_at, frame_id) > ($5::timestamp, $6::bigint))
order by start_at nulls last, frame_id nulls last
limit $4::bigint
