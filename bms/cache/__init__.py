"""Keeps values in memory. A value is valid while the stamps of its tables are unchanged."""
