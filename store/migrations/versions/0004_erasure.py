"""Contacts that were erased, and the audit of it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _free_codes(condition: str) -> None:
    op.create_index(
        "ix_coupon_codes_free", "coupon_codes", ["coupon", "id"], unique=False, postgresql_where=sa.text(condition)
    )


def upgrade() -> None:
    op.add_column("contacts", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "erasures",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.Column("on_their_way", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("contact_id"),
    )
    op.create_index(
        "ix_enrolments_erased",
        "enrolments",
        ["ended_at"],
        unique=False,
        postgresql_where=sa.text("reason = 'erased' AND workflow_id <> ''"),
    )
    # A code whose contact was erased has no enrolment any more, and is given all the same.
    op.execute("UPDATE coupon_codes SET given_at = added_at WHERE enrolment_id IS NOT NULL AND given_at IS NULL")
    op.drop_index("ix_coupon_codes_free", table_name="coupon_codes")
    _free_codes("given_at IS NULL")


def downgrade() -> None:
    op.drop_index("ix_coupon_codes_free", table_name="coupon_codes")
    # The older form would give them again.
    op.execute("DELETE FROM coupon_codes WHERE enrolment_id IS NULL AND given_at IS NOT NULL")
    _free_codes("enrolment_id IS NULL")
    op.drop_index("ix_enrolments_erased", table_name="enrolments")
    op.drop_table("erasures")
    op.drop_column("contacts", "erased_at")
