UPDATE announcements SET state = CAST(? AS varchar), told_up_to = CAST(? AS bigint)
WHERE
  id = CAST(? AS bigint) AND state = 'NEW' AND told_up_to = CAST(? AS bigint)
-- takes: @state, @told, @id, @told_before
