-- Jobs: whose turn it is, where one is, how often it died there, what to leave out, and which file it read.
-- `turn` is created_at less ten minutes for each level of priority (jobs.ageing_minutes): the earliest is
-- next, so who waits rises by one level in that time. A place is "stage:stretch:begin_ms:end_ms".

alter table jobs add column turn timestamp;
alter table jobs add column place text;
alter table jobs add column deaths integer default 0;
alter table jobs add column fatal text;
alter table jobs add column skip text;
alter table jobs add column file_mark text;
update jobs set turn = created_at - priority * interval '10 minutes', deaths = 0;
