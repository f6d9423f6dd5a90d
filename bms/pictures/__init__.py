"""Pictures of events: what is taken, and what is made of it. Without a database."""
