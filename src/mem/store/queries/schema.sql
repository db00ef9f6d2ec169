-- create --
-- Before any migration: the table that records them.
create table if not exists schema_migrations (
    number integer primary key,
    name text not null,
    applied_at timestamp not null
)

-- exists --
-- Whether any step was ever made here.
select table_name from information_schema.tables
where table_schema = current_schema() and table_name = 'schema_migrations'

-- applied --
-- What this database has been through.
select number, name, applied_at from schema_migrations order by number

-- record --
-- In the transaction of the migration itself, so that neither stands without the other.
insert into schema_migrations (number, name, applied_at) values ($1::integer, $2, $3)
