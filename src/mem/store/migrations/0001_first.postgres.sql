-- Indexes that only PostgreSQL needs: DuckDB finds rows in time order by zone maps.
alter table frames add primary key (id);
create index frames_by_source on frames (source_id, first_seen);
create index frames_by_time on frames (first_seen, id);
create unique index spans_by_source on spans (source_id, start_at desc nulls last);
create index spans_by_time on spans (start_at, frame_id);
create index spans_by_frame on spans (frame_id);
alter table segments add primary key (id);
create index segments_by_source on segments (source_id, start_at);
create index segments_by_time on segments (start_at, id);
create index sources_by_time on sources (started_at desc nulls last, id desc nulls last);
create index notes_by_source on notes (source_id);
create index notes_by_time on notes (start_at, id);
create index jobs_by_turn on jobs (state, priority desc nulls last, id);
create index jobs_by_source on jobs (source_id);
alter table job_events add primary key (id);
create index job_events_by_job on job_events (job_id, id);
