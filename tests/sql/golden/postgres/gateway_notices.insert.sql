INSERT INTO gateway_notices (
  notice_key,
  notice_id,
  reference,
  outcome
)
VALUES
  (CAST(? AS varchar), CAST(? AS varchar), CAST(? AS varchar), CAST(? AS varchar))
-- takes: @notice_key, @notice_id, @reference, @outcome
