"""Plumbing between the commands and the database. Knows no table."""

from bms.sql import odbc

# Before any module of this package can connect.
odbc.prepare()
