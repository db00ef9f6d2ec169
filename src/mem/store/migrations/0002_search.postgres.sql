-- PostgreSQL finds by itself: the search index is made of tables, so several processes share it.
-- `words` holds the words of a text with their places (weight A) and the parts of its identifiers
-- without place; of a source its name (A) and location (B).

create extension if not exists fuzzystrmatch;

create table search_entries (
    kind      text not null,
    id        bigint not null,
    source_id bigint not null,
    start_at  timestamp not null,
    end_at    timestamp not null,
    words     tsvector not null,
    language  text not null,
    tags      text[] not null,
    primary key (kind, id)
);

create index search_entries_words on search_entries using gin (words);
create index search_entries_source on search_entries (source_id);
create index search_entries_start on search_entries (start_at desc nulls last);

-- Words to which a mistyped one may be similar; it may hold some that no text has any more.
create table search_words (
    word text primary key
);

-- By which rules the entries were made; empty until they are whole.
create table search_make (
    make text not null
);
