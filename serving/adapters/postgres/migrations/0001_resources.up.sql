-- Resources of tenants, the queue, events, usage and the audit log.
--
-- Every row belongs to a tenant. The application connects as viva_app, which sees the rows of the tenant named by the
-- setting viva.tenant only; as viva_system it sees what finding work and callers over all tenants needs, and no more.

-- One shape for resources: the record as JSON, and beside it the columns that lists filter and sort by.
CREATE TABLE tenants (
  tenant_id text NOT NULL, name text PRIMARY KEY, parent text NOT NULL, version bigint NOT NULL,
  create_time timestamptz NOT NULL, update_time timestamptz NOT NULL, body jsonb NOT NULL,
  display_name text NOT NULL
);
CREATE INDEX tenants_list ON tenants (create_time, name);

CREATE TABLE api_keys (
  tenant_id text NOT NULL, name text PRIMARY KEY, parent text NOT NULL, version bigint NOT NULL,
  create_time timestamptz NOT NULL, update_time timestamptz NOT NULL, body jsonb NOT NULL,
  key_sha256 text NOT NULL UNIQUE
);
CREATE INDEX api_keys_list ON api_keys (tenant_id, create_time, name);

CREATE TABLE roles (
  tenant_id text NOT NULL, name text PRIMARY KEY, parent text NOT NULL, version bigint NOT NULL,
  create_time timestamptz NOT NULL, update_time timestamptz NOT NULL, body jsonb NOT NULL,
  display_name text NOT NULL, state text NOT NULL
);
CREATE INDEX roles_list ON roles (tenant_id, create_time, name);

CREATE TABLE role_revisions (
  tenant_id text NOT NULL, name text PRIMARY KEY, parent text NOT NULL, version bigint NOT NULL,
  create_time timestamptz NOT NULL, update_time timestamptz NOT NULL, body jsonb NOT NULL
);
CREATE INDEX role_revisions_list ON role_revisions (tenant_id, parent, create_time, name);

CREATE TABLE candidates (
  tenant_id text NOT NULL, name text PRIMARY KEY, parent text NOT NULL, version bigint NOT NULL,
  create_time timestamptz NOT NULL, update_time timestamptz NOT NULL, body jsonb NOT NULL,
  held boolean GENERATED ALWAYS AS (coalesce(jsonb_typeof(body->'legal_hold'), 'null') <> 'null') STORED
);
CREATE INDEX candidates_list ON candidates (tenant_id, create_time, name);

CREATE TABLE interviews (
  tenant_id text NOT NULL, name text PRIMARY KEY, parent text NOT NULL, version bigint NOT NULL,
  create_time timestamptz NOT NULL, update_time timestamptz NOT NULL, body jsonb NOT NULL,
  state text NOT NULL, candidate text NOT NULL, role_revision text NOT NULL,
  deadline_time timestamptz, end_time timestamptz, media_until timestamptz, report_until timestamptz
);
CREATE INDEX interviews_list ON interviews (tenant_id, create_time, name);
CREATE INDEX interviews_updated ON interviews (tenant_id, update_time, name);
CREATE INDEX interviews_of_candidate ON interviews (tenant_id, candidate, create_time, name);
CREATE INDEX interviews_by_state ON interviews (tenant_id, state, create_time, name);
CREATE INDEX interviews_of_role ON interviews (tenant_id, role_revision, create_time, name);
CREATE INDEX interviews_due ON interviews (deadline_time) WHERE state = 'open' AND deadline_time IS NOT NULL;
CREATE INDEX interviews_media_until ON interviews (media_until) WHERE media_until IS NOT NULL;
CREATE INDEX interviews_report_until ON interviews (report_until) WHERE report_until IS NOT NULL;

CREATE TABLE answers (
  tenant_id text NOT NULL, name text PRIMARY KEY, parent text NOT NULL, version bigint NOT NULL,
  create_time timestamptz NOT NULL, update_time timestamptz NOT NULL, body jsonb NOT NULL,
  state text NOT NULL, question_id text NOT NULL, media_sha256 text
);
CREATE INDEX answers_list ON answers (tenant_id, create_time, name);
CREATE INDEX answers_of_interview ON answers (parent, create_time, name);
CREATE INDEX answers_failed ON answers (tenant_id, create_time, name) WHERE state = 'failed';
CREATE INDEX answers_of_media ON answers (tenant_id, media_sha256) WHERE media_sha256 IS NOT NULL;

CREATE TABLE reports (
  tenant_id text NOT NULL, name text PRIMARY KEY, parent text NOT NULL, version bigint NOT NULL,
  create_time timestamptz NOT NULL, update_time timestamptz NOT NULL, body jsonb NOT NULL,
  candidate text NOT NULL, role_revision text NOT NULL, overall double precision
);
CREATE INDEX reports_list ON reports (tenant_id, create_time, name);
CREATE INDEX reports_of_interview ON reports (parent, create_time, name);
CREATE INDEX reports_of_candidate ON reports (tenant_id, candidate, create_time, name);
CREATE INDEX reports_by_overall ON reports (tenant_id, overall, name) WHERE overall IS NOT NULL;

CREATE TABLE decisions (
  tenant_id text NOT NULL, name text PRIMARY KEY, parent text NOT NULL, version bigint NOT NULL,
  create_time timestamptz NOT NULL, update_time timestamptz NOT NULL, body jsonb NOT NULL
);
CREATE INDEX decisions_list ON decisions (tenant_id, create_time, name);
CREATE INDEX decisions_of_interview ON decisions (parent, create_time, name);

CREATE TABLE contests (
  tenant_id text NOT NULL, name text PRIMARY KEY, parent text NOT NULL, version bigint NOT NULL,
  create_time timestamptz NOT NULL, update_time timestamptz NOT NULL, body jsonb NOT NULL
);
CREATE INDEX contests_list ON contests (tenant_id, create_time, name);
CREATE INDEX contests_of_interview ON contests (parent, create_time, name);

CREATE TABLE satisfactions (
  tenant_id text NOT NULL, name text PRIMARY KEY, parent text NOT NULL, version bigint NOT NULL,
  create_time timestamptz NOT NULL, update_time timestamptz NOT NULL, body jsonb NOT NULL
);
CREATE INDEX satisfactions_of_interview ON satisfactions (parent);

CREATE TABLE screening_rules (
  tenant_id text NOT NULL, name text PRIMARY KEY, parent text NOT NULL, version bigint NOT NULL,
  create_time timestamptz NOT NULL, update_time timestamptz NOT NULL, body jsonb NOT NULL,
  role text NOT NULL
);
CREATE INDEX screening_rules_list ON screening_rules (tenant_id, create_time, name);

CREATE TABLE webhook_endpoints (
  tenant_id text NOT NULL, name text PRIMARY KEY, parent text NOT NULL, version bigint NOT NULL,
  create_time timestamptz NOT NULL, update_time timestamptz NOT NULL, body jsonb NOT NULL
);
CREATE INDEX webhook_endpoints_list ON webhook_endpoints (tenant_id, create_time, name);

CREATE TABLE operations (
  tenant_id text NOT NULL, name text PRIMARY KEY, parent text NOT NULL, version bigint NOT NULL,
  create_time timestamptz NOT NULL, update_time timestamptz NOT NULL, body jsonb NOT NULL,
  unfinished boolean GENERATED ALWAYS AS (body->>'kind' = 'erase' AND body->>'done' = 'false') STORED
);
CREATE INDEX operations_list ON operations (tenant_id, create_time, name);
CREATE INDEX operations_old ON operations (create_time);

-- Request ids and what they made: a repeated request finds it here, by the unique key.
CREATE TABLE requests (
  tenant_id text NOT NULL, request_id uuid NOT NULL, method text NOT NULL, request_sha256 bytea NOT NULL,
  name text NOT NULL, create_time timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, request_id)
);
CREATE INDEX requests_old ON requests (create_time);
CREATE INDEX requests_of_name ON requests (tenant_id, name);

-- Results: viva.v1.Assessment as bytes, for the primary key makes a second one of a revision impossible.
CREATE TABLE assessments (
  tenant_id text NOT NULL, answer text NOT NULL, revision integer NOT NULL, body bytea NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (answer, revision)
);

-- Media by content; the bytes are in the object store, and none are there that have no row. What nothing refers to at
-- check_time is deleted; what something refers to then has none, until a reference to it ends.
CREATE TABLE media (
  tenant_id text NOT NULL, sha256 text NOT NULL, storage_class text NOT NULL, size_bytes bigint NOT NULL,
  create_time timestamptz NOT NULL, check_time timestamptz,
  PRIMARY KEY (tenant_id, sha256, storage_class)
);
CREATE INDEX media_due ON media (check_time) WHERE check_time IS NOT NULL;

-- Work. A leased job is one that is not ready until its lease has ended: an expired lease needs nobody to notice it.
CREATE TABLE jobs (
  job_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id text NOT NULL, kind text NOT NULL, lane text NOT NULL, rank smallint NOT NULL, subject text NOT NULL,
  ready boolean NOT NULL, ready_at timestamptz NOT NULL, lease uuid, attempt integer NOT NULL DEFAULT 0
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500);
CREATE INDEX jobs_ready ON jobs (lane, rank, tenant_id, ready_at, job_id) WHERE ready;
CREATE INDEX jobs_later ON jobs (lane, ready_at) WHERE NOT ready;
CREATE INDEX jobs_subject ON jobs (tenant_id, subject);

-- What all gateways must have in common: the secret that links to pages are signed with. Here they find the same one,
-- on one host or on many; another value ends all links. 244 random bits, since a UUID's other bits are fixed.
CREATE TABLE installation (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  link_secret bytea NOT NULL DEFAULT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
);
INSERT INTO installation DEFAULT VALUES;

-- When each tenant last had a turn in a lane.
CREATE TABLE turns (
  lane text NOT NULL, tenant_id text NOT NULL, turn bigint NOT NULL,
  PRIMARY KEY (lane, tenant_id)
);
CREATE SEQUENCE turn_numbers;

-- What happened, in order of commit: a reader that asks for transactions that are surely over misses none.
CREATE TABLE events (
  tenant_id text NOT NULL, seq bigint GENERATED ALWAYS AS IDENTITY, xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  event_id uuid NOT NULL, type text NOT NULL, subject text NOT NULL, time timestamptz NOT NULL, data jsonb NOT NULL,
  PRIMARY KEY (tenant_id, event_id)
);
CREATE INDEX events_in_order ON events (tenant_id, type, xid, seq);
CREATE INDEX events_by_time ON events (tenant_id, time);
CREATE INDEX events_by_subject ON events (tenant_id, subject);
CREATE INDEX events_old ON events (time);

CREATE TABLE deliveries (
  tenant_id text NOT NULL, endpoint text NOT NULL, event_id uuid NOT NULL, event_type text NOT NULL,
  state text NOT NULL, attempt_count integer NOT NULL, last_error text NOT NULL,
  create_time timestamptz NOT NULL, attempt_time timestamptz,
  PRIMARY KEY (endpoint, event_id)
);
CREATE INDEX deliveries_list ON deliveries (endpoint, create_time, event_id);
CREATE INDEX deliveries_old ON deliveries (create_time) WHERE state <> 'waiting';

-- One row for each scored answer, for ever: the base of bills. Ids only.
CREATE TABLE usage (
  tenant_id text NOT NULL, answer text PRIMARY KEY, interview text NOT NULL, time timestamptz NOT NULL,
  kind text NOT NULL, media_seconds double precision NOT NULL, model_seconds double precision NOT NULL
);
CREATE INDEX usage_by_time ON usage (tenant_id, time, answer);
CREATE INDEX usage_of_interview ON usage (interview, time, answer);

CREATE TABLE audit (
  tenant_id text NOT NULL, seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, time timestamptz NOT NULL,
  actor text NOT NULL, action text NOT NULL, resource text NOT NULL, request_id text NOT NULL
);
CREATE INDEX audit_list ON audit (tenant_id, seq);

DO $$
DECLARE one text;
BEGIN
  FOREACH one IN ARRAY ARRAY[
    'tenants', 'api_keys', 'roles', 'role_revisions', 'candidates', 'interviews', 'answers', 'reports', 'decisions',
    'contests', 'satisfactions', 'screening_rules', 'webhook_endpoints', 'operations', 'requests', 'assessments',
    'media', 'jobs', 'events', 'deliveries', 'usage', 'audit'
  ] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', one);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', one);
    -- The subquery is evaluated once a statement, not once a row.
    EXECUTE format(
      'CREATE POLICY own_tenant ON %I TO viva_app USING (tenant_id = (SELECT current_setting(''viva.tenant'', true)))',
      one
    );
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO viva_app', one);
  END LOOP;
END $$;

-- Append-only: what was done and what was used stay as they were written.
REVOKE UPDATE, DELETE ON audit, usage FROM viva_app;
REVOKE UPDATE, DELETE ON events, assessments, role_revisions FROM viva_app;
GRANT DELETE ON events, assessments TO viva_app; -- erasure
-- Rows that were erased lie in the files until a VACUUM.
GRANT MAINTAIN ON candidates, interviews, answers, reports, decisions, contests, satisfactions, assessments, events,
  deliveries, jobs, requests TO viva_app;

-- Over all tenants: callers, work, and what is due.
CREATE POLICY all_tenants ON api_keys FOR SELECT TO viva_system USING (true);
CREATE POLICY all_tenants ON tenants FOR SELECT TO viva_system USING (true);
CREATE POLICY all_tenants ON jobs TO viva_system USING (true);
CREATE POLICY all_tenants ON interviews FOR SELECT TO viva_system USING (true);
CREATE POLICY all_tenants ON candidates FOR SELECT TO viva_system USING (true);
CREATE POLICY all_tenants ON media FOR SELECT TO viva_system USING (true);
CREATE POLICY all_tenants ON deliveries TO viva_system USING (true);
CREATE POLICY all_tenants ON events TO viva_system USING (true);
CREATE POLICY all_tenants ON operations TO viva_system USING (true);
CREATE POLICY all_tenants ON requests TO viva_system USING (true);
GRANT SELECT ON api_keys, tenants, installation TO viva_system;
GRANT SELECT, UPDATE, DELETE ON jobs TO viva_system;
GRANT SELECT (tenant_id, name, state, candidate, deadline_time, media_until, report_until) ON interviews TO viva_system;
GRANT SELECT (name, held) ON candidates TO viva_system;
GRANT SELECT (tenant_id, sha256, check_time) ON media TO viva_system;
GRANT SELECT (tenant_id, request_id, create_time), DELETE ON requests TO viva_system;
GRANT SELECT (endpoint, event_id, state, create_time), DELETE ON deliveries TO viva_system;
GRANT SELECT (tenant_id, event_id, time), DELETE ON events TO viva_system;
GRANT SELECT (name, create_time, unfinished), DELETE ON operations TO viva_system;
GRANT SELECT, INSERT, UPDATE ON turns TO viva_system;
GRANT USAGE ON SEQUENCE turn_numbers TO viva_system;

-- A stack looks whether the schema is the one that it needs.
GRANT SELECT ON alembic_version TO viva_app;
