-- Notes say what they are and carry data; deletions leave receipts; pins keep intervals from deletion.

alter table notes add column type text default 'user_note';
alter table notes add column metadata json default '{}';

create sequence pin_ids;
create sequence receipt_ids;

create table pins (
    id         bigint primary key default nextval('pin_ids'),
    source_id  bigint,
    start_at   timestamp not null,
    end_at     timestamp not null,
    reason     text not null,
    created_at timestamp not null
);

-- `pending` names files whose rows are gone, until they are gone too: [[path, bytes], …].
create table receipts (
    id          bigint primary key default nextval('receipt_ids'),
    kind        text not null,
    state       text not null,
    asked       json not null,
    asker       text not null,
    removed     json not null,
    freed_bytes bigint not null,
    pending     json not null,
    begun_at    timestamp not null,
    finished_at timestamp
);
