-- Creates the database and its two accounts on PostgreSQL. The service "database" runs it with psql as postgres. It can
-- run any number of times. The passwords are in the environment of psql.
\getenv schema_password SCHEMA_PASSWORD
\getenv app_password APP_PASSWORD

SELECT 'CREATE ROLE bms_schema LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bms_schema') \gexec
SELECT 'CREATE ROLE bms_app LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bms_app') \gexec
-- A changed password takes effect at the next start.
ALTER ROLE bms_schema PASSWORD :'schema_password';
ALTER ROLE bms_app PASSWORD :'app_password';

SELECT 'CREATE DATABASE bms OWNER bms_schema' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'bms') \gexec
REVOKE ALL ON DATABASE bms FROM PUBLIC;
GRANT CONNECT ON DATABASE bms TO bms_app;

\connect bms
ALTER SCHEMA public OWNER TO bms_schema;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO bms_app;
-- Migrations change the schema and rows; the service changes only rows.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO bms_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO bms_app;
ALTER DEFAULT PRIVILEGES FOR ROLE bms_schema IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO bms_app;
ALTER DEFAULT PRIVILEGES FOR ROLE bms_schema IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO bms_app;
