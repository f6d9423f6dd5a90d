INSERT INTO event_categories (
  event_id,
  category_no,
  name,
  is_standing,
  seats,
  free
)
SELECT
  CAST(? AS bigint),
  c.category_no,
  c.name,
  c.is_standing,
  c.seats,
  c.free
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS c(category_no integer, name varchar, is_standing integer, seats integer, free integer)
-- takes: @event_id, @categories
