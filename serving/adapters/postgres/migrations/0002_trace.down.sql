-- Takes back what 0002_trace.up.sql made; jobs stay.
ALTER TABLE jobs DROP COLUMN trace;
