-- The parts of one.
create index jobs_of_parent on jobs (parent) where parent is not null;
