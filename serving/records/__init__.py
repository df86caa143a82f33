"""Use cases over stored resources: tenants, roles, interviews, answers, reports, and the Protocols they need."""
