-- Lines of text read off kept frames, each with the interval during which it stood unchanged. A draft
-- belongs to a source that is read again: nobody sees it before it takes the place of the older reading.

create sequence screen_text_ids;

create table screen_texts (
    id         bigint not null default nextval('screen_text_ids'),
    source_id  bigint not null,
    frame_id   bigint not null,
    start_at   timestamp not null,
    end_at     timestamp not null,
    text       text not null,
    confidence double precision not null,
    engine     text not null,
    x          integer not null,
    y          integer not null,
    width      integer not null,
    height     integer not null,
    draft      boolean not null
);
