"""Runs commands and queries on SQL Server or PostgreSQL over ODBC. Names no table."""

from bms.sql.odbc.process import prepare

# Must run before any module of this package connects.
prepare()
