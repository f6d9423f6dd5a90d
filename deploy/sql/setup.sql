-- Creates the database and its two accounts. The service "database" runs it as sa. It can run any number of times.
-- sqlcmd inserts the passwords from its environment variables.

USE master;

IF DB_ID(N'bms') IS NULL
    CREATE DATABASE bms;
GO

-- Reads see the last committed rows and do not wait for writes.
IF EXISTS (SELECT 1 FROM sys.databases WHERE name = N'bms' AND is_read_committed_snapshot_on = 0)
    ALTER DATABASE bms SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE;
GO

-- A password changed in .env takes effect at the next start.
IF SUSER_ID(N'bms_schema') IS NULL
    CREATE LOGIN bms_schema WITH PASSWORD = N'$(SCHEMA_PASSWORD)';
IF EXISTS (SELECT 1 FROM sys.sql_logins WHERE name = N'bms_schema' AND PWDCOMPARE(N'$(SCHEMA_PASSWORD)', password_hash) = 0)
    ALTER LOGIN bms_schema WITH PASSWORD = N'$(SCHEMA_PASSWORD)';
IF SUSER_ID(N'bms_app') IS NULL
    CREATE LOGIN bms_app WITH PASSWORD = N'$(APP_PASSWORD)';
IF EXISTS (SELECT 1 FROM sys.sql_logins WHERE name = N'bms_app' AND PWDCOMPARE(N'$(APP_PASSWORD)', password_hash) = 0)
    ALTER LOGIN bms_app WITH PASSWORD = N'$(APP_PASSWORD)';
GO

USE bms;

-- In a database restored from another server, the users still refer to that server's logins.
IF USER_ID(N'bms_schema') IS NULL
    CREATE USER bms_schema FOR LOGIN bms_schema;
IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = N'bms_schema' AND sid = SUSER_SID(N'bms_schema'))
    ALTER USER bms_schema WITH LOGIN = bms_schema;
IF USER_ID(N'bms_app') IS NULL
    CREATE USER bms_app FOR LOGIN bms_app;
IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = N'bms_app' AND sid = SUSER_SID(N'bms_app'))
    ALTER USER bms_app WITH LOGIN = bms_app;

-- Migrations change the schema and rows; the service changes only rows.
ALTER ROLE db_ddladmin ADD MEMBER bms_schema;
ALTER ROLE db_datareader ADD MEMBER bms_schema;
ALTER ROLE db_datawriter ADD MEMBER bms_schema;
ALTER ROLE db_datareader ADD MEMBER bms_app;
ALTER ROLE db_datawriter ADD MEMBER bms_app;
GO
