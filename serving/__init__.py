"""The scoring engine. Nothing in it knows Ray; see docs/architecture.md for where a line belongs."""
