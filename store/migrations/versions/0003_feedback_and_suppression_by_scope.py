"""Feedback on letters, and suppressions by scope that are only ever added to."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint("suppressions_pkey", "suppressions", type_="primary")
    op.add_column("suppressions", sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False))
    op.create_primary_key("suppressions_pkey", "suppressions", ["id"])
    # What was suppressed until now were addresses that a relay had refused for good.
    op.add_column("suppressions", sa.Column("scope", sa.String(), server_default="hard", nullable=False))
    op.add_column("suppressions", sa.Column("lifted", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("suppressions", sa.Column("evidence", sa.String(), nullable=True))
    op.add_column("suppressions", sa.Column("actor", sa.String(), server_default="relay", nullable=False))
    op.create_index(
        "ix_suppressions_address", "suppressions", ["address", "scope", sa.literal_column("id DESC")], unique=False
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("message", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("hardness", sa.String(), nullable=True),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["message"],
            ["messages.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "event_id"),
    )
    op.create_index("ix_feedback_message", "feedback", ["message"], unique=False)
    op.create_index("ix_messages_message_id", "messages", ["message_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_messages_message_id", table_name="messages")
    op.drop_index("ix_feedback_message", table_name="feedback")
    op.drop_table("feedback")
    op.drop_index("ix_suppressions_address", table_name="suppressions")
    # The older form knows one reason for each address, and nothing but addresses that take no mail at all.
    op.execute(
        """
        DELETE FROM suppressions s WHERE s.scope <> 'hard' OR s.lifted
            OR EXISTS (SELECT FROM suppressions l WHERE l.address = s.address AND l.scope = s.scope AND l.id > s.id)
        """
    )
    op.drop_constraint("suppressions_pkey", "suppressions", type_="primary")
    for column in ("actor", "evidence", "lifted", "scope", "id"):
        op.drop_column("suppressions", column)
    op.create_primary_key("suppressions_pkey", "suppressions", ["address"])
