-- name: watch
-- One watcher at a time; the lock ends with its connection, and so with its process.
SELECT pg_try_advisory_lock(hashtext('viva queue watch'))

-- name: in_order
-- What follows walks the indexes in their order, as a lease does (queue.sql).
SELECT set_config('enable_bitmapscan', 'off', false), set_config('enable_sort', 'off', false)

-- name: waiting
-- Jobs that could be begun now, by lane and rank: how many, counted up to a limit for each tenant, and for how long the
-- oldest. The recursion steps from tenant to tenant through the index, so the cost is bounded by tenants that wait and
-- the limit.
WITH RECURSIVE waiting AS (
  (SELECT lane, rank, tenant_id FROM jobs WHERE ready ORDER BY lane, rank, tenant_id LIMIT 1)
  UNION ALL
  SELECT later.lane, later.rank, later.tenant_id
  FROM waiting CROSS JOIN LATERAL (
    SELECT lane, rank, tenant_id FROM jobs
    WHERE ready AND (lane, rank, tenant_id) > (waiting.lane, waiting.rank, waiting.tenant_id)
    ORDER BY lane, rank, tenant_id LIMIT 1
  ) AS later
)
SELECT waiting.lane, waiting.rank, sum(counted.jobs)::bigint,
       greatest(0, extract(epoch FROM now() - min(oldest.ready_at)))::double precision
FROM waiting
CROSS JOIN LATERAL (
  SELECT count(*) AS jobs FROM (
    -- In the order of the index, or the planner may read the whole table, once for each tenant.
    SELECT 1 FROM jobs
    WHERE ready AND lane = waiting.lane AND rank = waiting.rank AND tenant_id = waiting.tenant_id
    ORDER BY ready_at, job_id LIMIT %(limit)s
  ) AS part
) AS counted
CROSS JOIN LATERAL (
  SELECT ready_at FROM jobs
  WHERE ready AND lane = waiting.lane AND rank = waiting.rank AND tenant_id = waiting.tenant_id
  ORDER BY ready_at, job_id LIMIT 1
) AS oldest
GROUP BY waiting.lane, waiting.rank

-- name: begun
-- Jobs that a worker has, and jobs that are to be begun later, by lane, counted up to a limit.
SELECT lane, count(*) FILTER (WHERE leased), count(*) FILTER (WHERE NOT leased)
FROM (SELECT lane, lease IS NOT NULL AS leased FROM jobs WHERE NOT ready LIMIT %(limit)s) AS part
GROUP BY lane
