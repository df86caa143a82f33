"""`make demo`: from a fresh clone to a scored interview, on material that ships in packages."""
