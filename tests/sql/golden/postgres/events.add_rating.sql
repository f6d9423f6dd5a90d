UPDATE events SET rating_count = rating_count + CAST(? AS integer), rating_sum = rating_sum + CAST(? AS integer)
WHERE
  id = CAST(? AS bigint)
-- takes: @reviews, @stars, @event_id
