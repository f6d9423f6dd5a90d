"""Reads: named T-SQL statements and get_/list_ functions. Never write, never lock."""
