SELECT
  seed,
  enrolled_at
FROM second_factors
WHERE
  user_id = CAST(? AS bigint) AND enrolled_at IS NOT NULL
-- takes: @id
