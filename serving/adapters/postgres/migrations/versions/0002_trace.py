"""The trace of a job."""

from serving.adapters.postgres.schema import run_file

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_file("0002_trace.up.sql")


def downgrade() -> None:
    run_file("0002_trace.down.sql")
