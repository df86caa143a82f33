-- Takes back what 0003_policies.up.sql made.
DO $$
DECLARE one text;
BEGIN
  FOR one IN SELECT tablename FROM pg_policies WHERE policyname = 'own_tenant' AND schemaname = current_schema() LOOP
    EXECUTE format('ALTER POLICY own_tenant ON %I USING (tenant_id = (SELECT current_setting(''viva.tenant'', true)))', one);
  END LOOP;
END $$;
