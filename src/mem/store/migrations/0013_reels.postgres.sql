-- What reels saved is told by the status, which is asked often.
create index frames_in_reels on frames (still_length, length) where reel_offset is not null;
