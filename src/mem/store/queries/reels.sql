-- due --
-- Packs whose last picture is older than an instant, of recordings that are whole as far as they go and that
-- nothing works on, with pictures that are no part of a reel; the oldest first.
select source_id, pack, tried
from (
    select frames.source_id, frames.pack, coalesce(max(reels_tried.size), 0)::bigint as tried,
        max(frames.first_seen) as newest
    from frames
    join sources on sources.id = frames.source_id
    left join reels_tried on reels_tried.source_id = frames.source_id and reels_tried.pack = frames.pack
    where sources.state in ('ready', 'partial') and sources.ended_at is not null
        and frames.source_id not in (
            select source_id from jobs
            where source_id is not null and state in ('queued', 'running', 'retrying')
        )
        and frames.source_id not in (select source_id from checkpoints where not finished)
    group by frames.source_id, frames.pack
    having max(frames.first_seen) < $1::timestamp and count(*) > count(frames.reel_offset)
) as packs
order by newest nulls last, source_id nulls last, pack nulls last

-- forget --
-- What is said of a pack from now on takes the place of what was said.
delete from reels_tried where source_id = $1::bigint and pack = any($2::text[])

-- tried --
-- A pack that was looked at, and how long it then was.
insert into reels_tried (source_id, pack, size) values ($1::bigint, $2, $3::bigint)

-- saved --
-- How many pictures are parts of reels, and how many bytes fewer they take.
select count(*) as frames, coalesce(sum(still_length - length), 0)::bigint as bytes
from frames where reel_offset is not null
