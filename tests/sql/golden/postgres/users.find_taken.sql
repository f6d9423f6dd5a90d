SELECT
  (
    SELECT
      COUNT(*)
    FROM users
    WHERE
      username_folded = CAST(? AS varchar)
  ) AS username,
  (
    SELECT
      COUNT(*)
    FROM users
    WHERE
      email_folded = CAST(? AS varchar)
  ) AS email
-- takes: @username_folded, @email_folded
