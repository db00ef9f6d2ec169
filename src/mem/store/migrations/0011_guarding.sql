-- What a virus scanner said of a recording, and switches that outlive a restart and hold for every process.
alter table sources add column scan_status text;

create table switches (
    name     text primary key,
    set_at   timestamp not null,
    until_at timestamp,
    setter   text not null
);
