-- lock_schema --
-- Processes that start at once migrate one after the other; the lock ends with the transaction.
select pg_advisory_xact_lock(7236208) is null as locked

-- size --
-- Bytes of all tables and indexes.
select pg_database_size(current_database()) as bytes

-- alive --
-- The cheapest question.
select 1 as alive

-- others --
-- Who else has this database open.
select pid from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
order by pid

-- clock --
-- The time of PostgreSQL's machine.
select (clock_timestamp() at time zone 'utc')::timestamp as "now"
