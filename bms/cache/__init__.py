"""Values kept in memory while the stamps of their tables are unchanged."""
