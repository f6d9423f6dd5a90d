SELECT
  notice_key
FROM gateway_notices
WHERE
  notice_key = CAST(? AS varchar)
-- takes: @notice_key
