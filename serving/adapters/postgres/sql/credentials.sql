-- name: find_key
SELECT tenant_id, name, version, create_time, update_time, body FROM api_keys WHERE key_sha256 = %(key_sha256)s

-- name: link_secret
SELECT link_secret FROM installation

-- name: find_tenant
SELECT name, version, create_time, update_time, body FROM tenants WHERE name = %(name)s
