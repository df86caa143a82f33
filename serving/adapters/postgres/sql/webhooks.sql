-- name: hold
-- A lock on a name, which need not be that of a row; it ends with the transaction.
SELECT pg_advisory_xact_lock(hashtext('viva hold'), hashtext(%(name)s))

-- name: event
SELECT event_id::text, type, subject, time, data FROM events
WHERE tenant_id = %(tenant)s AND event_id = %(event_id)s::uuid

-- name: delivery
SELECT event_id::text, event_type, state, attempt_count, last_error, attempt_time FROM deliveries
WHERE tenant_id = %(tenant)s AND endpoint = %(endpoint)s AND event_id = %(event_id)s::uuid
FOR UPDATE

-- name: store_delivery
UPDATE deliveries
SET state = %(state)s, attempt_count = %(attempt_count)s, last_error = %(last_error)s, attempt_time = %(attempt_time)s
WHERE tenant_id = %(tenant)s AND endpoint = %(endpoint)s AND event_id = %(event_id)s::uuid

-- name: fail_deliveries
-- What waits for an endpoint is given up, and nobody works on it any more.
WITH given_up AS (
  UPDATE deliveries SET state = 'failed', last_error = %(error)s
  WHERE tenant_id = %(tenant)s AND endpoint = %(endpoint)s AND state = 'waiting'
  RETURNING event_id
)
DELETE FROM jobs USING given_up
WHERE jobs.tenant_id = %(tenant)s AND jobs.subject = %(endpoint)s || '#' || given_up.event_id

-- name: drop_deliveries
WITH dropped AS (
  DELETE FROM deliveries WHERE tenant_id = %(tenant)s AND endpoint = %(endpoint)s
  RETURNING event_id, state
)
DELETE FROM jobs USING dropped
WHERE dropped.state = 'waiting' AND jobs.tenant_id = %(tenant)s
  AND jobs.subject = %(endpoint)s || '#' || dropped.event_id

-- name: replay
-- A delivery for each event since a time, whatever became of an earlier one.
INSERT INTO deliveries (tenant_id, endpoint, event_id, event_type, state, attempt_count, last_error, create_time)
SELECT tenant_id, %(endpoint)s, event_id, type, 'waiting', 0, '', %(now)s FROM events
WHERE tenant_id = %(tenant)s AND time >= %(start)s
  AND (cardinality(%(types)s::text[]) = 0 OR type = ANY(%(types)s::text[]))
ON CONFLICT (endpoint, event_id) DO UPDATE SET state = 'waiting', attempt_count = 0, last_error = ''

-- name: replay_jobs
-- The jobs of these deliveries: those that wait for a later attempt are due now, those that are missing are made.
-- A statement of its own, since it must see what became of the jobs until the deliveries were locked. Jobs that are
-- due already stay untouched: a lease that met their lock would stop the whole lane.
WITH waiting AS (
  SELECT deliveries.endpoint || '#' || deliveries.event_id AS subject
  FROM deliveries JOIN events USING (tenant_id, event_id)
  WHERE deliveries.tenant_id = %(tenant)s AND deliveries.endpoint = %(endpoint)s AND deliveries.state = 'waiting'
    AND events.time >= %(start)s
), sooner AS (
  UPDATE jobs SET ready = true, ready_at = now() FROM waiting
  WHERE jobs.tenant_id = %(tenant)s AND jobs.subject = waiting.subject
    AND NOT jobs.ready AND jobs.lease IS NULL AND jobs.ready_at > now()
)
INSERT INTO jobs (tenant_id, kind, lane, rank, subject, trace, ready, ready_at)
SELECT %(tenant)s, 'deliver', 'errand', 2, waiting.subject, %(trace)s, true, now() FROM waiting
WHERE NOT EXISTS (SELECT FROM jobs WHERE jobs.tenant_id = %(tenant)s AND jobs.subject = waiting.subject)

-- name: deliveries_page
-- Newest first, by the index deliveries_list read backwards.
SELECT event_id::text, event_type, state, attempt_count, last_error, attempt_time, create_time FROM deliveries
WHERE tenant_id = %(tenant)s AND endpoint = %(endpoint)s
  AND (create_time, event_id) < (%(before_time)s::timestamptz, %(before_id)s::uuid)
ORDER BY create_time DESC, event_id DESC LIMIT %(limit)s
