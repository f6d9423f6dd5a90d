INSERT INTO event_category_types (
  event_id,
  category_no,
  ticket_type_id
)
SELECT
  CAST(? AS bigint),
  c.category_no,
  c.ticket_type_id
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS c(category_no integer, ticket_type_id bigint)
-- takes: @event_id, @types
