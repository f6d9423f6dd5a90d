"""The benchmark: what BMS does over HTTP, beside the most that this machine and its PostgreSQL can do."""
