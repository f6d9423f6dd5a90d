-- Writes the whole database to a file in the server's volume and overwrites the previous backup.
BACKUP DATABASE bms TO DISK = N'/var/opt/mssql/data/bms.bak' WITH INIT, CHECKSUM;
GO
