CREATE INDEX ix_event_seating_plan ON event_seating(plan_id NULLS FIRST, event_id NULLS FIRST) INCLUDE (version);
