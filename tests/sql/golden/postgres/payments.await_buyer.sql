UPDATE payments SET gateway_reference = CAST(? AS varchar), next_action = CAST(? AS text), pending_until = CAST(? AS timestamp(3)), ask_at = CAST(? AS timestamp(3)), held_until = CAST(? AS timestamp(3))
WHERE
  id = CAST(? AS bigint) AND status = 'PROCESSING' AND pending_until IS NULL
-- takes: @gateway_reference, @next_action, @pending_until, @ask_at, @held_until, @id
