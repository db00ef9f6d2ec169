-- Workers may take some kinds of jobs alone, so whoever waits stands in the order of turns within a kind.
create index jobs_by_kind on jobs (kind, turn, id) where state in ('queued', 'retrying');
drop index jobs_waiting;
