DROP INDEX ix_event_seating_plan;
