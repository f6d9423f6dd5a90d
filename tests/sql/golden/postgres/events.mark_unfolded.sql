UPDATE events SET search_folded = 0
WHERE
  venue_id = CAST(? AS bigint)
-- takes: @venue_id
