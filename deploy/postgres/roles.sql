-- The two roles of a careful set-up, run once as a superuser in Mem's database:
--     psql -d mem -v owner_password=… -v app_password=… -f deploy/postgres/roles.sql
-- mem_owner changes the schema (`mem db migrate` with its URL, once for each new version); mem_app is what
-- servers and workers use: it reads and writes rows, and cannot change the schema. Mem's database is closed to
-- every other role; other databases of this server stay open to these two where PUBLIC may connect to them.
create role mem_owner login nosuperuser nocreatedb nocreaterole password :'owner_password';
create role mem_app login nosuperuser nocreatedb nocreaterole password :'app_password';
revoke all on schema public from public;
grant create, usage on schema public to mem_owner;
grant usage on schema public to mem_app;
select format('revoke all on database %I from public', current_database()) \gexec
select format('grant connect, create on database %I to mem_owner', current_database()) \gexec
select format('grant connect on database %I to mem_app', current_database()) \gexec
alter default privileges for role mem_owner in schema public
    grant select, insert, update, delete on tables to mem_app;
alter default privileges for role mem_owner in schema public grant usage, select on sequences to mem_app;
