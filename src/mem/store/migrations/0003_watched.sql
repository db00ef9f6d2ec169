-- The files of watched folders that were handed over, so that none is read again to know that it is known.

create table watched_files (
    path        text primary key,
    size        bigint not null,
    modified_ns bigint not null,
    job_id      bigint not null,
    state       text not null,
    detail      text,
    gone_at     timestamp
);
