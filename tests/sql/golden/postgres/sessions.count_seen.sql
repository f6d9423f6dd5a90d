SELECT
  COUNT(*) AS sessions,
  COUNT(CASE WHEN network = CAST(? AS varchar) OR address = CAST(? AS varchar) THEN 1 END) AS from_there
FROM sessions
WHERE
  user_id = CAST(? AS bigint)
-- takes: @network, @address, @user_id
