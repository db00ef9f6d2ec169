-- ending --
-- Recordings that may go before others: those that end in a range of time. Without a place or device nothing
-- tells them apart.
select id, location, device, started_at, ended_at
from sources
where ended_at between $1::timestamp and $2::timestamp and (location is not null or device is not null)
order by id nulls last
limit $3::bigint
