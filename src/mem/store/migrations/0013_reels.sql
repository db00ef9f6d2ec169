-- Pictures that were coded as AV1 reels: where their reel begins in the pack, and how long each was before.
-- Packs that were looked at, so that none is coded every day in vain: as long as it then was.
alter table frames add column reel_offset bigint;
alter table frames add column still_length integer;

create table reels_tried (
    source_id bigint not null,
    pack      text not null,
    size      bigint not null
);
