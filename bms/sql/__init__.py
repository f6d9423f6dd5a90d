"""Plumbing between the commands and the database. Knows no table."""
