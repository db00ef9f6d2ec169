-- A part of a long recording is a job of its own, beneath that of the recording.
alter table jobs add column parent bigint;
