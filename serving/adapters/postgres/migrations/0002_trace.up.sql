-- The trace that a job goes on in: the `traceparent` of what made it.
ALTER TABLE jobs ADD COLUMN trace text;
