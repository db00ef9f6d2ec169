-- The first schema. One text for DuckDB and PostgreSQL: no foreign keys (DuckDB refuses updates of
-- referenced rows), no identity columns, no index on a time column (8x the file in DuckDB; rows lie
-- in time order and zone maps do the rest). Times are UTC in `timestamp`, cut to milliseconds.

create sequence source_ids;
create sequence frame_ids;
create sequence segment_ids;
create sequence note_ids;
create sequence job_ids;
create sequence job_event_ids;

create table sources (
    id              bigint primary key default nextval('source_ids'),
    kind            text not null,
    name            text not null,
    location        text,
    device          text,
    content_hash    text not null unique,
    size            bigint not null,
    path            text,
    original        text,
    folder          text not null,
    started_at      timestamp not null,
    ended_at        timestamp,
    time_source     text not null,
    time_confidence text not null,
    time_evidence   text not null,
    media           json,
    state           text not null,
    added_at        timestamp not null
);

create table frames (
    id           bigint not null default nextval('frame_ids'),
    source_id    bigint not null,
    first_seen   timestamp not null,
    width        integer not null,
    height       integer not null,
    format       text not null,
    colour       text not null,
    pack         text not null,
    "offset"     bigint not null,
    length       integer not null,
    thumb_offset bigint not null,
    thumb_length integer not null,
    sha256       text not null
);

create table spans (
    source_id bigint not null,
    frame_id  bigint not null,
    start_at  timestamp not null,
    end_at    timestamp not null,
    samples   integer not null
);

create table segments (
    id         bigint not null default nextval('segment_ids'),
    source_id  bigint not null,
    start_at   timestamp not null,
    end_at     timestamp not null,
    text       text not null,
    language   text not null,
    confidence double precision not null,
    model      text not null,
    words      json not null
);

create table notes (
    id         bigint primary key default nextval('note_ids'),
    source_id  bigint,
    start_at   timestamp not null,
    end_at     timestamp not null,
    text       text not null,
    tags       json not null,
    author     text not null,
    created_at timestamp not null,
    updated_at timestamp not null
);

create table checkpoints (
    source_id   bigint not null,
    stage       text not null,
    stretch     integer not null,
    until_ms    bigint not null,
    pack        text,
    pack_length bigint not null,
    state_file  text,
    facts       json not null,
    finished    boolean not null,
    primary key (source_id, stage)
);

create table jobs (
    id               bigint primary key default nextval('job_ids'),
    kind             text not null,
    source_id        bigint,
    params           json not null,
    state            text not null,
    priority         integer not null,
    attempt          integer not null,
    max_attempts     integer not null,
    stage            text,
    progress         double precision not null,
    cancel_requested boolean not null,
    error_code       text,
    error_detail     text,
    result           json,
    not_before       timestamp not null,
    lease_owner      text,
    lease_until      timestamp,
    fence            bigint not null,
    created_at       timestamp not null,
    started_at       timestamp,
    finished_at      timestamp
);

create table job_events (
    id     bigint not null default nextval('job_event_ids'),
    job_id bigint not null,
    "at"   timestamp not null,
    type   text not null,
    data   json not null
);
