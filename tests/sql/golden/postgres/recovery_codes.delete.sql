DELETE FROM recovery_codes
WHERE
  user_id = CAST(? AS bigint)
-- takes: @user_id
