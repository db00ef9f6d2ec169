-- Leave to use a server, of programs and of browsers that signed in. Of the secret only its sha256 is here.
create table tokens (
    id           text primary key,
    kind         text not null,
    name         text not null,
    sha256       text not null,
    scopes       json not null,
    limited      boolean not null,
    source_ids   json,
    start_at     timestamp,
    end_at       timestamp,
    parent       text,
    created_at   timestamp not null,
    expires_at   timestamp,
    last_used_at timestamp,
    revoked_at   timestamp
);
