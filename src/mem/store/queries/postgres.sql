-- lock_schema --
-- Processes that start at once migrate one after the other; the lock ends with the transaction.
select pg_advisory_xact_lock(7236208) is null as locked

-- size --
-- Bytes of all tables and indexes.
select pg_database_size(current_database()) as bytes

-- alive --
-- The cheapest question.
select 1 as alive
