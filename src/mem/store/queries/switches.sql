-- get --
-- A switch that is on.
select name, set_at, until_at, setter from switches
where name = $1 and (until_at is null or until_at > $2::timestamp)

-- put --
-- Turn it on, or say anew until when.
insert into switches (name, set_at, until_at, setter) values ($1, $2::timestamp, $3::timestamp, $4)
on conflict (name) do update set until_at = excluded.until_at, setter = excluded.setter

-- drop --
-- Turn it off.
delete from switches where name = $1
