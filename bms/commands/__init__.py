"""Writes: named T-SQL statements and verb_noun(tx, ...) functions."""
