UPDATE reviews SET rating = CAST(? AS integer), comment = CAST(? AS varchar), updated_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = CAST(? AS bigint) AND event_id = CAST(? AS bigint)
-- takes: @rating, @comment, @id, @event_id
