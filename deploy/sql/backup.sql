-- Writes the whole database to one file of the server's volume, over the one of the last time.
BACKUP DATABASE bms TO DISK = N'/var/opt/mssql/data/bms.bak' WITH INIT, CHECKSUM;
GO
