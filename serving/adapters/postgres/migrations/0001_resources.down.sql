-- Takes everything back that 0001_resources.up.sql made, with all data.
DROP TABLE
  installation, audit, usage, deliveries, events, turns, jobs, media, assessments, requests, operations,
  webhook_endpoints, screening_rules, satisfactions, contests, decisions, reports, answers, interviews, candidates, role_revisions, roles,
  api_keys, tenants;
DROP SEQUENCE turn_numbers;

REVOKE SELECT ON alembic_version FROM viva_app;
