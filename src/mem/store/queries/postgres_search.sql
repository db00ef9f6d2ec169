-- try_lock --
-- One process at a time changes the search index; the lock ends with the transaction.
select pg_try_advisory_xact_lock(7236210) as locked

-- make --
-- By which rules the index was made.
select make from search_make

-- mark --
-- The index is whole.
insert into search_make (make) values ($1)

-- unmark --
-- Part of emptying it.
delete from search_make

-- empty_entries --
-- Part of emptying it; truncate would keep others from searching until the rebuild ends.
delete from search_entries

-- empty_words --
-- Part of emptying it.
delete from search_words

-- add --
-- Entries, each in place of what had its kind and id.
insert into search_entries (kind, id, source_id, start_at, end_at, words, language, tags)
select
    value ->> 0, (value ->> 1)::bigint, (value ->> 2)::bigint, (value ->> 3)::timestamp,
    (value ->> 4)::timestamp, (value ->> 5)::tsvector, value ->> 6,
    array(select json_array_elements_text(value -> 7))
from json_each($1::json)
on conflict (kind, id) do update set
    source_id = excluded.source_id, start_at = excluded.start_at, end_at = excluded.end_at,
    words = excluded.words, language = excluded.language, tags = excluded.tags

-- add_words --
-- Words that a mistyped one may be meant for.
insert into search_words (word) select value ->> 0 from json_each($1::json) order by 1 nulls last
on conflict (word) do nothing

-- remove --
-- Entries that are gone.
delete from search_entries where kind = $1 and id = any($2::bigint[])

-- remove_source --
-- Every text of a source, and its own entry.
delete from search_entries where source_id = $1::bigint

-- counts --
-- How many entries of each kind there are.
select kind, count(*) as "rows" from search_entries group by kind

-- known --
-- Which of some questions, by number, at least one text answers.
select number
from unnest($1::text[]) with ordinality as asked (question, number)
where exists (
    select 1 from search_entries where words @@ asked.question::tsquery and kind <> 'source'
)

-- similar --
-- Words that may be within $2 typing errors; a swap of neighbours counts as two here and one there.
select word from search_words
where length(word) between length($1) - $2::integer and length($1) + $2::integer
    and levenshtein_less_equal(word, $1, 2 * $2::integer) <= 2 * $2::integer

-- sources --
-- Sources by the words of their name and location.
select id from search_entries
where kind = 'source' and ($1::text is null or words @@ $1::tsquery)
order by id nulls last limit $2::bigint

-- best --
-- The best hits, newer before older ones as good.
select
    kind, id, source_id, start_at as start, end_at as "end",
    coalesce(ts_rank('{0.5, 0.5, 0.5, 1}', words, $1::tsquery, 1), 0)::double precision as score
from search_entries
where kind = any($2::text[]) and ($1::text is null or words @@ $1::tsquery)
    and ($3::bigint[] is null or source_id = any($3::bigint[])) and source_id <> all($4::bigint[])
    and ($5::text[] is null or language = any($5::text[])) and language <> all($6::text[])
    and ($7::text[] is null or tags && $7::text[]) and not tags && $8::text[]
    and ($9::timestamp is null or end_at > $9::timestamp)
    and ($10::timestamp is null or start_at < $10::timestamp)
    and ($11::timestamp is null or start_at < $11::timestamp)
    and ($14::timestamp is null or start_at >= $14::timestamp)
    and ($15::timestamp is null or end_at <= $15::timestamp)
order by score desc nulls last, start_at desc nulls last, kind nulls last, id nulls last
limit $12::bigint offset $13::bigint

-- newest --
-- The newest hits.
select kind, id, source_id, start_at as start, end_at as "end", 0::double precision as score
from search_entries
where kind = any($2::text[]) and ($1::text is null or words @@ $1::tsquery)
    and ($3::bigint[] is null or source_id = any($3::bigint[])) and source_id <> all($4::bigint[])
    and ($5::text[] is null or language = any($5::text[])) and language <> all($6::text[])
    and ($7::text[] is null or tags && $7::text[]) and not tags && $8::text[]
    and ($9::timestamp is null or end_at > $9::timestamp)
    and ($10::timestamp is null or start_at < $10::timestamp)
    and ($11::timestamp is null or start_at < $11::timestamp)
    and ($14::timestamp is null or start_at >= $14::timestamp)
    and ($15::timestamp is null or end_at <= $15::timestamp)
order by start_at desc nulls last, kind nulls last, id nulls last
limit $12::bigint offset $13::bigint

-- count_hits --
-- How many hits there are by kind and source, inside the range of time and outside.
select
    kind, source_id,
    count(*) filter (where ($9::timestamp is null or end_at > $9::timestamp)
        and ($10::timestamp is null or start_at < $10::timestamp)) as inside,
    count(*) as "all"
from search_entries
where kind = any($2::text[]) and ($1::text is null or words @@ $1::tsquery)
    and ($3::bigint[] is null or source_id = any($3::bigint[])) and source_id <> all($4::bigint[])
    and ($5::text[] is null or language = any($5::text[])) and language <> all($6::text[])
    and ($7::text[] is null or tags && $7::text[]) and not tags && $8::text[]
    and ($11::timestamp is null or start_at >= $11::timestamp)
    and ($12::timestamp is null or end_at <= $12::timestamp)
group by kind, source_id
