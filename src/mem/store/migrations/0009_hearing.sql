-- What hearing says beside the words: which channel, and why a text is doubted. What a person wrote in place
-- of what was heard, beside that: hearing again replaces `heard` and never the text. Names and phrases that
-- a recording is listened to with.
alter table segments add column channel text;
alter table segments add column suspect text;
alter table segments add column heard text;
alter table segments add column heard_words json;
alter table segments add column edited_at timestamp;
alter table segments add column edited_by text;
alter table sources add column hotwords text;
alter table sources add column prompt text;
