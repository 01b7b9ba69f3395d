"""The rule language: segments, what falls due, decisions, coupons, and what holds for the whole shop."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "coupons",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "letters",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "policies",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "segments",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "fills",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("cursor", sa.Uuid(), nullable=True),
        sa.Column("seen", sa.Integer(), server_default="0", nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("filled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("kind", "name"),
    )
    op.create_table(
        "due",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "name", "contact_id"),
    )
    op.create_index("ix_due_at", "due", ["at"], unique=False)
    op.create_index("ix_due_contact", "due", ["contact_id"], unique=False)
    op.create_table(
        "memberships",
        sa.Column("segment", sa.String(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
        ),
        sa.PrimaryKeyConstraint("segment", "contact_id"),
    )
    op.create_index("ix_memberships_contact", "memberships", ["contact_id"], unique=False)
    op.create_table(
        "redemptions",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("coupon", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
        ),
        sa.ForeignKeyConstraint(
            ["coupon"],
            ["coupons.name"],
        ),
        sa.PrimaryKeyConstraint("source", "coupon", "code"),
    )
    op.create_index("ix_redemptions_contact", "redemptions", ["contact_id"], unique=False)
    op.create_index("ix_redemptions_coupon_code", "redemptions", ["coupon", "code"], unique=False)
    op.create_table(
        "wishes",
        sa.Column("send_key", sa.String(), nullable=False),
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.String(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"],
            ["enrolments.id"],
        ),
        sa.PrimaryKeyConstraint("send_key"),
    )
    op.create_index("ix_wishes_contact", "wishes", ["contact_id"], unique=False)
    op.create_index("ix_wishes_enrolment", "wishes", ["enrolment_id"], unique=False)
    op.create_table(
        "coupon_codes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("coupon", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("pooled", sa.Boolean(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("enrolment_id", sa.Uuid(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["coupon"],
            ["coupons.name"],
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"],
            ["enrolments.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_coupon_codes_free",
        "coupon_codes",
        ["coupon", "id"],
        unique=False,
        postgresql_where=sa.text("enrolment_id IS NULL"),
    )
    op.create_index("uq_coupon_codes_given", "coupon_codes", ["coupon", "enrolment_id"], unique=True)
    op.create_index(
        "uq_coupon_codes_pooled",
        "coupon_codes",
        [sa.literal_column("upper(code)")],
        unique=True,
        postgresql_where=sa.text("pooled"),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("enrolment_id", sa.Uuid(), nullable=True),
        sa.Column("journey", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("step", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id"],
            ["enrolments.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_decisions_at", "decisions", ["at"], unique=False)
    op.create_index("ix_decisions_contact", "decisions", ["contact_id", "id"], unique=False)
    op.create_index("ix_decisions_enrolment", "decisions", ["enrolment_id"], unique=False)
    op.create_table(
        "changeovers",
        sa.Column("journey", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("manner", sa.String(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["journey"],
            ["journeys.name"],
        ),
        sa.PrimaryKeyConstraint("journey"),
    )
    op.create_index(
        "ix_events_stage_changed",
        "events",
        ["occurred_at"],
        unique=False,
        postgresql_where=sa.text("name = 'Stage Changed'"),
    )
    op.add_column("contacts", sa.Column("stage", sa.String(), nullable=True))
    op.add_column("contacts", sa.Column("stage_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "enrolments", sa.Column("ways", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False)
    )
    op.add_column("journeys", sa.Column("next_version", sa.Integer(), nullable=True))
    op.add_column("outbox", sa.Column("traits", postgresql.ARRAY(sa.String()), server_default="{}", nullable=False))
    op.add_column(
        "messages",
        sa.Column("paced_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.add_column("messages", sa.Column("staff", sa.String(), nullable=True))
    op.add_column(
        "messages", sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False)
    )
    # What left before this migration counts by when the relay was given it.
    op.execute("UPDATE messages SET paced_at = coalesce(dot_at, created_at)")
    op.create_index(
        "ix_messages_staff",
        "messages",
        ["journey", "staff", "paced_at"],
        unique=False,
        postgresql_where=sa.text("staff IS NOT NULL"),
    )
    op.add_column("outbox", sa.Column("backfill", sa.Boolean(), server_default="false", nullable=False))


def downgrade() -> None:
    op.drop_index("ix_messages_staff", table_name="messages", postgresql_where=sa.text("staff IS NOT NULL"))
    op.drop_column("messages", "facts")
    op.drop_column("messages", "staff")
    op.drop_column("messages", "paced_at")
    op.drop_column("outbox", "backfill")
    op.drop_column("outbox", "traits")
    op.drop_column("journeys", "next_version")
    op.drop_column("enrolments", "ways")
    op.drop_column("contacts", "stage_since")
    op.drop_column("contacts", "stage")
    op.drop_index("ix_events_stage_changed", table_name="events", postgresql_where=sa.text("name = 'Stage Changed'"))
    op.drop_index("ix_decisions_enrolment", table_name="decisions")
    op.drop_index("ix_decisions_contact", table_name="decisions")
    op.drop_index("ix_decisions_at", table_name="decisions")
    op.drop_table("decisions")
    op.drop_index("uq_coupon_codes_pooled", table_name="coupon_codes", postgresql_where=sa.text("pooled"))
    op.drop_index("uq_coupon_codes_given", table_name="coupon_codes")
    op.drop_index("ix_coupon_codes_free", table_name="coupon_codes", postgresql_where=sa.text("enrolment_id IS NULL"))
    op.drop_table("coupon_codes")
    op.drop_index("ix_wishes_enrolment", table_name="wishes")
    op.drop_index("ix_wishes_contact", table_name="wishes")
    op.drop_table("wishes")
    op.drop_index("ix_redemptions_coupon_code", table_name="redemptions")
    op.drop_index("ix_redemptions_contact", table_name="redemptions")
    op.drop_table("redemptions")
    op.drop_index("ix_memberships_contact", table_name="memberships")
    op.drop_table("memberships")
    op.drop_index("ix_due_contact", table_name="due")
    op.drop_index("ix_due_at", table_name="due")
    op.drop_table("due")
    op.drop_table("fills")
    op.drop_table("segments")
    op.drop_table("policies")
    op.drop_table("letters")
    op.drop_table("coupons")
