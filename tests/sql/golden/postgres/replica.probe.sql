SELECT
  1 AS answer
-- takes: nothing
