"""Plumbing between the commands and the database. Knows no table."""

from bms.sql.odbc.process import prepare

# Before any module of this package can connect.
prepare()
