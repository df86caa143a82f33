"""Resources, queue, events, usage, audit log."""

from serving.adapters.postgres.schema import run_file

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_file("0001_resources.up.sql")


def downgrade() -> None:
    run_file("0001_resources.down.sql")
