-- name: lease_lock
-- One lease of a lane at a time: the turns of the tenants are then exact, and nothing is skipped for being locked.
-- And what follows walks the indexes in their order, whatever the planner takes the table for: a queue that was empty
-- when it was last analysed is read from end to end otherwise.
SELECT pg_advisory_xact_lock(hashtext('viva lease'), hashtext(%(lane)s)),
       set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true)

-- name: promote
-- Jobs whose delay or lease has ended are ready again.
UPDATE jobs SET ready = true, lease = NULL
WHERE lane = %(lane)s AND NOT ready AND ready_at <= now()

-- name: lease
-- The next jobs of a lane: by rank, tenants in turn within a rank, oldest first within a tenant. The recursion steps
-- from tenant to tenant through the index, so the cost grows with tenants that wait, not with jobs.
WITH RECURSIVE waiting AS (
  (
    SELECT rank, tenant_id FROM jobs
    WHERE lane = %(lane)s AND ready
    ORDER BY rank, tenant_id LIMIT 1
  )
  UNION ALL
  SELECT later.rank, later.tenant_id
  FROM waiting CROSS JOIN LATERAL (
    SELECT rank, tenant_id FROM jobs
    WHERE lane = %(lane)s AND ready AND (rank, tenant_id) > (waiting.rank, waiting.tenant_id)
    ORDER BY rank, tenant_id LIMIT 1
  ) AS later
),
in_turn AS (
  SELECT waiting.rank, waiting.tenant_id, coalesce(turns.turn, 0) AS turn
  FROM waiting LEFT JOIN turns ON turns.lane = %(lane)s AND turns.tenant_id = waiting.tenant_id
  ORDER BY waiting.rank, turn, waiting.tenant_id
  LIMIT %(count)s
),
picked AS (
  SELECT next.job_id, in_turn.tenant_id,
         row_number() OVER (ORDER BY in_turn.rank, next.nth, in_turn.turn, in_turn.tenant_id) AS place
  FROM in_turn CROSS JOIN LATERAL (
    SELECT job_id, row_number() OVER (ORDER BY ready_at, job_id) AS nth
    FROM (
      -- By ready_at, which only jobs_ready has in order: by job_id the planner may walk the primary key instead, through
      -- the whole backlog of another tenant.
      SELECT job_id, ready_at FROM jobs
      WHERE lane = %(lane)s AND ready AND rank = in_turn.rank AND tenant_id = in_turn.tenant_id
      ORDER BY ready_at, job_id LIMIT %(count)s
    ) AS first
  ) AS next
  ORDER BY place
  LIMIT %(count)s
),
leased AS (
  -- By an array, which is made once: joined with `picked`, a planner that takes the table for an empty one (it was
  -- analysed while the first jobs of a season were being written) picks again for each job that there is.
  UPDATE jobs
  SET ready = false, ready_at = now() + make_interval(secs => %(lease_s)s), lease = gen_random_uuid(),
      attempt = attempt + 1
  WHERE jobs.job_id = ANY(ARRAY(SELECT job_id FROM picked))
  RETURNING jobs.job_id, jobs.tenant_id, jobs.kind, jobs.lane, jobs.subject, jobs.lease::text, jobs.attempt,
            extract(epoch FROM clock_timestamp() - old.ready_at)::double precision AS waited_s, jobs.rank,
            jobs.trace
),
turned AS (
  INSERT INTO turns (lane, tenant_id, turn)
  -- Whoever got the last job of this lease is the last in the next one.
  SELECT %(lane)s, tenant_id, nextval('turn_numbers')
  FROM (SELECT tenant_id FROM picked GROUP BY tenant_id ORDER BY max(place)) AS tenants
  ON CONFLICT (lane, tenant_id) DO UPDATE SET turn = excluded.turn
)
SELECT job_id, tenant_id, kind, lane, subject, lease, attempt, waited_s, trace FROM leased ORDER BY rank, job_id

-- name: extend
-- Leases that are still held, with a new end.
UPDATE jobs SET ready_at = now() + make_interval(secs => %(lease_s)s)
WHERE job_id = ANY(%(job_ids)s) AND NOT ready AND lease = ANY(%(leases)s::uuid[])
RETURNING lease::text

-- name: release
-- Give a job back; it is begun again after a delay.
UPDATE jobs SET ready = %(delay_s)s <= 0, ready_at = now() + make_interval(secs => %(delay_s)s), lease = NULL
WHERE job_id = %(job_id)s AND lease = %(lease)s::uuid

-- name: enqueue
INSERT INTO jobs (tenant_id, kind, lane, rank, subject, trace, ready, ready_at)
VALUES (%(tenant)s, %(kind)s, %(lane)s, %(rank)s, %(subject)s, %(trace)s, %(delay_s)s <= 0,
        now() + make_interval(secs => %(delay_s)s))

-- name: finish
DELETE FROM jobs WHERE job_id = %(job_id)s AND lease = %(lease)s::uuid RETURNING job_id

-- name: cancel
DELETE FROM jobs WHERE tenant_id = %(tenant)s AND subject = %(subject)s RETURNING job_id

-- name: leased_subjects
-- Which of these subjects somebody works on.
SELECT subject, attempt FROM jobs WHERE tenant_id = %(tenant)s AND subject = ANY(%(subjects)s) AND lease IS NOT NULL

-- name: backlog
-- Jobs that were not ended, by lane and rank; of how many an earlier look knew (up to its newest); and for how long the
-- oldest of those that could be begun has waited.
SELECT lane, rank, count(*), count(*) FILTER (WHERE job_id <= %(newest)s), max(job_id),
       coalesce(extract(epoch FROM now() - min(ready_at) FILTER (WHERE ready)), 0)::double precision
FROM jobs GROUP BY lane, rank

-- name: depth
-- Jobs of a tenant that score answers, counted up to a limit, so that a long queue costs no more than the limit.
SELECT count(*) FROM (
  SELECT 1 FROM jobs WHERE tenant_id = %(tenant)s AND lane IN ('text', 'media') LIMIT %(limit)s
) AS waiting

-- name: drained
-- Answers of a tenant that were scored lately.
SELECT count(*) FROM usage WHERE tenant_id = %(tenant)s AND time > now() - make_interval(secs => %(window_s)s)
