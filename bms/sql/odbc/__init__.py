"""ODBC drivers, connection strings, and the meaning of driver errors on both databases."""
