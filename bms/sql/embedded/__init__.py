"""The embedded PostgreSQL server, started on demand and stopped by the last process that uses it."""
