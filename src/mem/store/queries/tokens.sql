-- add --
-- A new token.
insert into tokens (
    id, kind, name, sha256, scopes, limited, source_ids, start_at, end_at, parent, created_at, expires_at
)
values ($1, $2, $3, $4, $5::json, $6::boolean, $7::json, $8::timestamp, $9::timestamp, $10, $11::timestamp,
    $12::timestamp)

-- all --
-- They are few: each was made by a person or a sign-in. The newest first.
select
    id, kind, name, sha256, scopes, limited, source_ids, start_at as start, end_at as "end", parent,
    created_at, expires_at, last_used_at, revoked_at
from tokens
order by created_at desc nulls last, id nulls last

-- revoke --
-- The token, and what was signed in with it.
update tokens set revoked_at = $2::timestamp
where (id = $1 or parent = $1) and revoked_at is null

-- expire --
-- The token that another replaces, and what was signed in with it; never later than it would have been.
update tokens set expires_at = $2::timestamp
where (id = $1 or parent = $1) and (expires_at is null or expires_at > $2::timestamp)

-- used --
-- To within a minute.
update tokens set last_used_at = $2::timestamp where id = $1

-- forget --
-- Tokens that no longer work.
delete from tokens where revoked_at is not null or expires_at <= $1::timestamp returning id

-- forget_sessions --
-- Sessions that ended some time ago.
delete from tokens where kind = 'session' and (revoked_at <= $1::timestamp or expires_at <= $1::timestamp)
