"""The database server that BMS brings along: PostgreSQL, started when it is needed."""
