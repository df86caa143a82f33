-- name: turn
-- One process at a time; the lock ends with the transaction, and so with its process.
SELECT pg_try_advisory_xact_lock(hashtext('viva housekeeping'))

-- name: deadlines
SELECT tenant_id, name, deadline_time FROM interviews
WHERE state = 'open' AND deadline_time < now() AND (deadline_time, name) > (%(after_time)s, %(after_name)s)
ORDER BY deadline_time, name LIMIT %(limit)s

-- name: media_ends
SELECT tenant_id, name, media_until FROM interviews
WHERE media_until <= now() AND (media_until, name) > (%(after_time)s, %(after_name)s)
  AND NOT EXISTS (SELECT FROM candidates WHERE candidates.name = interviews.candidate AND candidates.held)
ORDER BY media_until, name LIMIT %(limit)s

-- name: report_ends
SELECT tenant_id, name, report_until FROM interviews
WHERE report_until <= now() AND (report_until, name) > (%(after_time)s, %(after_name)s)
  AND NOT EXISTS (SELECT FROM candidates WHERE candidates.name = interviews.candidate AND candidates.held)
ORDER BY report_until, name LIMIT %(limit)s

-- name: unchecked_media
-- One row for media that is kept in several storage classes would do, but they are few.
SELECT tenant_id, sha256, check_time FROM media
WHERE check_time <= now() AND (check_time, sha256) > (%(after_time)s, %(after_name)s)
ORDER BY check_time, sha256 LIMIT %(limit)s

-- name: delete_requests
DELETE FROM requests WHERE (tenant_id, request_id) IN (
  SELECT tenant_id, request_id FROM requests
  WHERE create_time < now() - interval '30 days' ORDER BY create_time LIMIT %(limit)s
)

-- name: delete_deliveries
-- Before their events, and only those that have ended.
DELETE FROM deliveries WHERE (endpoint, event_id) IN (
  SELECT endpoint, event_id FROM deliveries
  WHERE state <> 'waiting' AND create_time < now() - interval '30 days' ORDER BY create_time LIMIT %(limit)s
)

-- name: delete_events
-- Deliveries are tried for two weeks at most, so none waits for these unless somebody replays what is a month old.
DELETE FROM events WHERE (tenant_id, event_id) IN (
  SELECT tenant_id, event_id FROM events
  WHERE time < now() - interval '30 days' ORDER BY time LIMIT %(limit)s
)

-- name: delete_operations
DELETE FROM operations WHERE name IN (
  SELECT name FROM operations
  WHERE create_time < now() - interval '90 days' AND NOT unfinished ORDER BY create_time LIMIT %(limit)s
)
