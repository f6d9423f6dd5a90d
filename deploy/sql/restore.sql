-- Restores the backup that backup.sql wrote. Everything later is lost. Run setup.sql afterwards.
USE master;

IF DB_ID(N'bms') IS NOT NULL
    ALTER DATABASE bms SET SINGLE_USER WITH ROLLBACK IMMEDIATE;

RESTORE DATABASE bms FROM DISK = N'/var/opt/mssql/data/bms.bak' WITH REPLACE, CHECKSUM;

ALTER DATABASE bms SET MULTI_USER;
GO
