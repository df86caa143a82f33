-- Whose rows are seen decides no index any more: statements name the key that they go by. A policy with `=` offers every
-- index that begins with the tenant, and while a table's statistics are those of its first rows (a queue was empty when
-- it was analysed) such an index looks as good as the primary key, and reads all that a tenant has. A tenant that is not
-- set is NULL, which no row has.
DO $$
DECLARE one text;
BEGIN
  FOR one IN SELECT tablename FROM pg_policies WHERE policyname = 'own_tenant' AND schemaname = current_schema() LOOP
    EXECUTE format('ALTER POLICY own_tenant ON %I USING (tenant_id IS NOT DISTINCT FROM (SELECT current_setting(''viva.tenant'', true)))', one);
  END LOOP;
END $$;
