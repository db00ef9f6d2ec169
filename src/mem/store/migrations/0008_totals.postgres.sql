-- What is kept of each source, in sums: counting a year of frames and spans takes PostgreSQL 100 ms, and
-- the status page asks often. Whoever changes frames or spans, the triggers keep the sums in the same
-- transaction. Where pages of time look for lines of text on screen, an index finds them.

create table source_totals (
    source_id bigint primary key,
    frames    bigint not null,
    bytes     bigint not null,
    spans     bigint not null,
    samples   bigint not null
);

insert into source_totals (source_id, frames, bytes, spans, samples)
select source_id, sum(frames), sum(bytes), sum(spans), sum(samples)
from (
    select source_id, 1 as frames, length::bigint + thumb_length as bytes, 0 as spans, 0 as samples from frames
    union all
    select source_id, 0, 0, 1, samples from spans
) as kept
group by source_id;

create function add_frames_to_totals() returns trigger language plpgsql as $$
begin
    insert into source_totals as total (source_id, frames, bytes, spans, samples)
    select source_id, count(*), sum(length::bigint + thumb_length), 0, 0
    from new_rows group by source_id order by source_id
    on conflict (source_id) do update
    set frames = total.frames + excluded.frames, bytes = total.bytes + excluded.bytes;
    return null;
end $$;

create function take_frames_from_totals() returns trigger language plpgsql as $$
begin
    update source_totals as total
    set frames = total.frames - gone.frames, bytes = total.bytes - gone.bytes
    from (
        select source_id, count(*) as frames, sum(length::bigint + thumb_length) as bytes
        from old_rows group by source_id
    ) as gone
    where total.source_id = gone.source_id;
    return null;
end $$;

create function add_spans_to_totals() returns trigger language plpgsql as $$
begin
    insert into source_totals as total (source_id, frames, bytes, spans, samples)
    select source_id, 0, 0, count(*), sum(samples)
    from new_rows group by source_id order by source_id
    on conflict (source_id) do update
    set spans = total.spans + excluded.spans, samples = total.samples + excluded.samples;
    return null;
end $$;

create function take_spans_from_totals() returns trigger language plpgsql as $$
begin
    update source_totals as total
    set spans = total.spans - gone.spans, samples = total.samples - gone.samples
    from (
        select source_id, count(*) as spans, sum(samples) as samples from old_rows group by source_id
    ) as gone
    where total.source_id = gone.source_id;
    return null;
end $$;

create trigger frames_came after insert on frames
referencing new table as new_rows for each statement execute function add_frames_to_totals();
create trigger frames_became after update on frames
referencing new table as new_rows for each statement execute function add_frames_to_totals();
create trigger frames_were after update on frames
referencing old table as old_rows for each statement execute function take_frames_from_totals();
create trigger frames_went after delete on frames
referencing old table as old_rows for each statement execute function take_frames_from_totals();

create trigger spans_came after insert on spans
referencing new table as new_rows for each statement execute function add_spans_to_totals();
create trigger spans_became after update on spans
referencing new table as new_rows for each statement execute function add_spans_to_totals();
create trigger spans_were after update on spans
referencing old table as old_rows for each statement execute function take_spans_from_totals();
create trigger spans_went after delete on spans
referencing old table as old_rows for each statement execute function take_spans_from_totals();

create index screen_texts_by_time on screen_texts (start_at, id);
