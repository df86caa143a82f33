-- name: repeat
-- The unique key decides: a request id names one request of a tenant.
INSERT INTO requests (tenant_id, request_id, method, request_sha256, name, create_time)
VALUES (%(tenant)s, %(request_id)s::uuid, %(method)s, %(request_sha256)s, %(name)s, %(now)s)
ON CONFLICT DO NOTHING

-- name: repeated
SELECT method, request_sha256, name FROM requests WHERE tenant_id = %(tenant)s AND request_id = %(request_id)s::uuid

-- name: audit
INSERT INTO audit (tenant_id, time, actor, action, resource, request_id)
VALUES (%(tenant)s, %(now)s, %(actor)s, %(action)s, %(resource)s, %(request_id)s)

-- name: audit_page
SELECT seq, time, actor, action, resource, request_id FROM audit
WHERE tenant_id = %(tenant)s AND seq < %(before)s
ORDER BY seq DESC LIMIT %(limit)s

-- name: emit
-- The event, and for each endpoint that wants it a delivery and the job that makes it.
WITH event AS (
  INSERT INTO events (tenant_id, event_id, type, subject, time, data)
  VALUES (%(tenant)s, %(event_id)s::uuid, %(type)s, %(subject)s, %(time)s, %(data)s)
), wanted AS (
  SELECT name FROM webhook_endpoints
  WHERE tenant_id = %(tenant)s AND body->>'disabled' IS DISTINCT FROM 'true'
    AND (body->'event_types' = '[]' OR body->'event_types' ? %(type)s)
), delivery AS (
  INSERT INTO deliveries (tenant_id, endpoint, event_id, event_type, state, attempt_count, last_error, create_time)
  SELECT %(tenant)s, name, %(event_id)s::uuid, %(type)s, 'waiting', 0, '', %(time)s FROM wanted
)
INSERT INTO jobs (tenant_id, kind, lane, rank, subject, trace, ready, ready_at)
SELECT %(tenant)s, 'deliver', 'errand', 1, name || '#' || %(event_id)s, %(trace)s, true, now() FROM wanted

-- name: add_usage
INSERT INTO usage (tenant_id, answer, interview, time, kind, media_seconds, model_seconds)
VALUES (%(tenant)s, %(answer)s, %(interview)s, %(time)s, %(kind)s, %(media_seconds)s, %(model_seconds)s)
ON CONFLICT DO NOTHING

-- name: usage_page
SELECT answer, time, kind, media_seconds, model_seconds FROM usage
WHERE tenant_id = %(tenant)s AND (%(interview)s = '' OR interview = %(interview)s)
  AND time >= %(start)s AND time < %(end)s AND (time, answer) > (%(after_time)s, %(after_answer)s)
ORDER BY time, answer LIMIT %(limit)s

-- name: usage_summary
SELECT count(*), coalesce(sum(media_seconds), 0), coalesce(sum(model_seconds), 0), count(DISTINCT interview) FROM usage
WHERE tenant_id = %(tenant)s AND (%(interview)s = '' OR interview = %(interview)s)
  AND time >= %(start)s AND time < %(end)s

-- name: store_assessment
INSERT INTO assessments (tenant_id, answer, revision, body, create_time)
VALUES (%(tenant)s, %(answer)s, %(revision)s, %(body)s, %(now)s)

-- name: assessments
SELECT answer, revision, body FROM assessments WHERE answer = ANY(%(answers)s) ORDER BY answer, revision

-- name: add_media
-- What is there already is held, and has another day in which something may come to refer to it.
INSERT INTO media (tenant_id, sha256, storage_class, size_bytes, create_time, check_time)
VALUES (%(tenant)s, %(sha256)s, %(storage_class)s, %(size_bytes)s, %(now)s, now() + interval '1 day')
ON CONFLICT (tenant_id, sha256, storage_class) DO UPDATE SET check_time = excluded.check_time
RETURNING size_bytes, sha256, create_time, storage_class

-- name: media
SELECT size_bytes, sha256, create_time, storage_class FROM media WHERE tenant_id = %(tenant)s AND sha256 = %(sha256)s

-- name: shared_media
-- As `media`, and nobody deletes it before the transaction ends.
SELECT size_bytes, sha256, create_time, storage_class FROM media WHERE tenant_id = %(tenant)s AND sha256 = %(sha256)s
FOR SHARE

-- name: scorable
-- An answer, its interview, tenant and candidate, each as record_of reads it, and where its media lies: one look, since
-- a worker takes it for every answer.
SELECT answers.name, answers.version, answers.create_time, answers.update_time, answers.body,
       interviews.name, interviews.version, interviews.create_time, interviews.update_time, interviews.body,
       tenants.name, tenants.version, tenants.create_time, tenants.update_time, tenants.body,
       candidates.name, candidates.version, candidates.create_time, candidates.update_time, candidates.body,
       ARRAY(SELECT storage_class FROM media
             WHERE media.tenant_id = answers.tenant_id AND media.sha256 = answers.media_sha256)
FROM answers
JOIN interviews ON interviews.name = answers.parent
JOIN tenants ON tenants.name = 'tenants/' || answers.tenant_id
LEFT JOIN candidates ON candidates.name = interviews.candidate
WHERE answers.name = %(answer)s AND answers.tenant_id IS NOT DISTINCT FROM %(tenant)s -- as in statements.py

-- name: states
SELECT name, state, body->'error' FROM answers
WHERE name = ANY(%(answers)s) AND tenant_id IS NOT DISTINCT FROM %(tenant)s -- as in statements.py
