-- name: erase_answers
-- By the parents, as the four that follow, and interviews by their names: statements.py says why not `tenant_id =`.
DELETE FROM answers WHERE tenant_id IS NOT DISTINCT FROM %(tenant)s AND parent = ANY(%(interviews)s) RETURNING name, media_sha256

-- name: erase_assessments
DELETE FROM assessments WHERE tenant_id = %(tenant)s AND answer = ANY(%(answers)s)

-- name: erase_reports
DELETE FROM reports WHERE tenant_id IS NOT DISTINCT FROM %(tenant)s AND parent = ANY(%(interviews)s) RETURNING name

-- name: erase_decisions
DELETE FROM decisions WHERE tenant_id IS NOT DISTINCT FROM %(tenant)s AND parent = ANY(%(interviews)s) RETURNING name

-- name: erase_contests
DELETE FROM contests WHERE tenant_id IS NOT DISTINCT FROM %(tenant)s AND parent = ANY(%(interviews)s) RETURNING name

-- name: erase_satisfactions
DELETE FROM satisfactions WHERE tenant_id IS NOT DISTINCT FROM %(tenant)s AND parent = ANY(%(interviews)s)

-- name: erase_interviews
DELETE FROM interviews WHERE tenant_id IS NOT DISTINCT FROM %(tenant)s AND name = ANY(%(interviews)s)

-- name: lock_endpoints
-- Before deliveries, as everyone does who changes many of them.
SELECT name FROM webhook_endpoints WHERE tenant_id = %(tenant)s ORDER BY name FOR UPDATE

-- name: erase_events
DELETE FROM events WHERE tenant_id = %(tenant)s AND subject = ANY(%(names)s) RETURNING event_id

-- name: erase_deliveries
DELETE FROM deliveries
WHERE tenant_id = %(tenant)s AND endpoint = ANY(%(endpoints)s) AND event_id = ANY(%(events)s)
RETURNING endpoint || '#' || event_id

-- name: erase_jobs
DELETE FROM jobs WHERE tenant_id = %(tenant)s AND subject = ANY(%(subjects)s)

-- name: erase_requests
DELETE FROM requests WHERE tenant_id = %(tenant)s AND name = ANY(%(names)s)

-- name: hold_media
SELECT size_bytes, sha256, create_time, storage_class FROM media WHERE tenant_id = %(tenant)s AND sha256 = %(sha256)s
FOR UPDATE

-- name: media_in_use
-- An interview that has ended and has no media_until has none of its media any more.
SELECT EXISTS (
  SELECT FROM answers JOIN interviews ON interviews.name = answers.parent
  WHERE answers.tenant_id = %(tenant)s AND answers.media_sha256 = %(sha256)s
    AND (interviews.end_time IS NULL OR interviews.media_until IS NOT NULL)
) OR EXISTS (
  SELECT FROM role_revisions, jsonb_array_elements(role_revisions.body->'content'->'questions') AS question
  WHERE role_revisions.tenant_id = %(tenant)s AND question->>'media_sha256' = %(sha256)s
)

-- name: keep_media
UPDATE media SET check_time = NULL WHERE tenant_id = %(tenant)s AND sha256 = %(sha256)s

-- name: check_media
UPDATE media SET check_time = now() WHERE tenant_id = %(tenant)s AND sha256 = ANY(%(sha256)s)

-- name: drop_media
DELETE FROM media WHERE tenant_id = %(tenant)s AND sha256 = %(sha256)s
