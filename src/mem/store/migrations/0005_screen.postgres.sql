-- Indexes that only PostgreSQL needs: DuckDB finds rows in time order by zone maps.
alter table screen_texts add primary key (id);
create index screen_texts_by_source on screen_texts (source_id, start_at);
