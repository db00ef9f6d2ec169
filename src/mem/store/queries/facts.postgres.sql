-- sizes --
-- Of all tables and indexes, in bytes; what is free within them PostgreSQL uses again by itself.
select pg_database_size(current_database()) as used, 0::bigint as free

-- checkpoint --
-- PostgreSQL does this by itself.
select 1 as done
