-- What the search index has not seen yet. Whoever changes a text writes here in the same transaction,
-- so a process that dies between the commit and the index finds on its next start what is missing.

create sequence index_change_ids;

create table index_changes (
    seq  bigint not null default nextval('index_change_ids'),
    kind text not null,
    id   bigint not null
);
