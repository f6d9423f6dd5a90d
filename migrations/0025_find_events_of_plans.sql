-- The events that have a version of a plan, for the page of the plan.
-- depends: 0024_publish_announcements

CREATE INDEX ix_event_seating_plan ON event_seating (plan_id, event_id) INCLUDE (version);
