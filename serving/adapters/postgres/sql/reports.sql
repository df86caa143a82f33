-- name: events_after
-- Events of a type in order of commit, by the index events_in_order. Transactions that are older than the oldest one in
-- flight are surely over: whatever commits later stands behind all that was read.
SELECT xid::text AS transaction, seq, subject FROM events
WHERE tenant_id = %(tenant)s AND type = %(type)s AND (xid, seq) > (%(xid)s::text::xid8, %(seq)s)
  AND xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY xid, seq LIMIT %(limit)s

-- name: events_end
SELECT pg_snapshot_xmin(pg_current_snapshot())::text
