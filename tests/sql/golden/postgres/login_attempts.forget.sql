UPDATE login_attempts SET attempts = CASE WHEN CAST(? AS smallint) = 1 OR attempts = 0 THEN 0 ELSE attempts - 1 END
WHERE
  bucket = CAST(? AS varchar)
-- takes: @all, @bucket
