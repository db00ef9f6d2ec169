-- Whoever waits, in the order of their turns, and whose lease may have run out.
drop index jobs_by_turn;
create index jobs_waiting on jobs (turn, id) where state in ('queued', 'retrying');
create index jobs_running on jobs (lease_until) where state = 'running';
