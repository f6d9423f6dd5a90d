"""Applies the T-SQL migrations with yoyo, on SQL Server and on PostgreSQL."""
