"""Names on the command line: bare ids, and names as the server writes them."""

from __future__ import annotations

from typing import Final

OWN: Final = "tenants/-"


def tenant_name(tenant: str) -> str:
    """`acme` to `tenants/acme`; `-`, one's own tenant, to `tenants/-`."""
    return tenant if tenant.startswith("tenants/") else f"tenants/{tenant}"


def name_of(collection: str, name: str, parent: str = OWN) -> str:
    """`trainee` to `tenants/-/roles/trainee`. A full name stays; one from its collection on gets its tenant."""
    if name.startswith("tenants/"):
        return name
    if name.startswith(f"{collection}/"):
        return f"{parent}/{name}"
    return f"{parent}/{collection}/{name}"


def report_name(interview: str, number: int | None = None) -> str:
    """Name of an interview's report, of the latest without a number; a report's name stays."""
    name = name_of("interviews", interview)
    return name if "/reports/" in name else f"{name}/reports/{number or 'latest'}"


def without_tenant(name: str) -> str:
    """`tenants/acme/roles/trainee` to `roles/trainee`: what is enough to read, and to type, for one's own tenant."""
    parts = name.split("/")
    return "/".join(parts[2:]) if len(parts) > 3 and parts[0] == "tenants" else name
