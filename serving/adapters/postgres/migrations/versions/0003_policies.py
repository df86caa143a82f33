"""Policies that lead to no index."""

from serving.adapters.postgres.schema import run_file

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_file("0003_policies.up.sql")


def downgrade() -> None:
    run_file("0003_policies.down.sql")
