"""Rooms and vehicles: windows, options, check-ins, waiting lists, stocks, quotas, the carnet de bord, kiosks."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

POINTER = "ALTER TABLE {table} ADD COLUMN {column} INTEGER CONSTRAINT fk_{table}_{column} REFERENCES {to} (pk)"
"""Written out: SQLite takes a foreign key with a new column, never afterwards."""


def upgrade() -> None:
    op.create_table(
        "photo",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pk", name="pk_photo"),
        sa.UniqueConstraint("id", name="uq_photo_id"),
    )
    op.create_table(
        "equipment",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("organisation_pk", sa.Integer(), nullable=False),
        sa.Column("venue_pk", sa.Integer(), nullable=True),
        sa.Column("stock", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("stock >= 0", name=op.f("ck_equipment_stock")),
        sa.ForeignKeyConstraint(["organisation_pk"], ["organisation.pk"], name="fk_equipment_organisation_pk"),
        sa.ForeignKeyConstraint(["venue_pk"], ["venue.pk"], name="fk_equipment_venue_pk"),
        sa.PrimaryKeyConstraint("pk", name="pk_equipment"),
        sa.UniqueConstraint("id", name="uq_equipment_id"),
    )
    op.create_index("ix_equipment_organisation_pk", "equipment", ["organisation_pk"], unique=False)
    op.create_table(
        "check_in",
        sa.Column("entry_pk", sa.Integer(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("account_pk", sa.Integer(), nullable=True),
        sa.Column("released_from", sa.Integer(), nullable=True),
        sa.CheckConstraint("outcome IN ('present', 'no_show')", name=op.f("ck_check_in_outcome")),
        sa.ForeignKeyConstraint(["account_pk"], ["account.pk"], name="fk_check_in_account_pk"),
        sa.ForeignKeyConstraint(["entry_pk"], ["entry.pk"], name="fk_check_in_entry_pk"),
        sa.PrimaryKeyConstraint("entry_pk", "occurrence", name="pk_check_in"),
    )
    op.create_table(
        "entry_equipment",
        sa.Column("entry_pk", sa.Integer(), nullable=False),
        sa.Column("equipment_pk", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_entry_equipment_quantity")),
        sa.ForeignKeyConstraint(["entry_pk"], ["entry.pk"], name="fk_entry_equipment_entry_pk"),
        sa.ForeignKeyConstraint(["equipment_pk"], ["equipment.pk"], name="fk_entry_equipment_equipment_pk"),
        sa.PrimaryKeyConstraint("entry_pk", "equipment_pk", name="pk_entry_equipment"),
    )
    op.create_index("ix_entry_equipment_equipment_pk", "entry_equipment", ["equipment_pk"], unique=False)
    op.create_table(
        "key_holding",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("calendar_pk", sa.Integer(), nullable=False),
        sa.Column("holder_pk", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("handed_by_pk", sa.Integer(), nullable=True),
        sa.Column("back_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["calendar_pk"], ["calendar.pk"], name="fk_key_holding_calendar_pk"),
        sa.ForeignKeyConstraint(["handed_by_pk"], ["account.pk"], name="fk_key_holding_handed_by_pk"),
        sa.ForeignKeyConstraint(["holder_pk"], ["account.pk"], name="fk_key_holding_holder_pk"),
        sa.PrimaryKeyConstraint("pk", name="pk_key_holding"),
    )
    op.create_index("ix_key_holding_calendar_pk_since", "key_holding", ["calendar_pk", "since"], unique=False)
    op.create_index(
        "uq_key_holding_held",
        "key_holding",
        ["calendar_pk"],
        unique=True,
        postgresql_where=sa.text("back_at IS NULL"),
        sqlite_where=sa.text("back_at IS NULL"),
    )
    op.create_table(
        "kiosk",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("calendar_pk", sa.Integer(), nullable=True),
        sa.Column("venue_pk", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("account_pk", sa.Integer(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(calendar_pk IS NULL) <> (venue_pk IS NULL)", name=op.f("ck_kiosk_one_scope")),
        sa.ForeignKeyConstraint(["account_pk"], ["account.pk"], name="fk_kiosk_account_pk"),
        sa.ForeignKeyConstraint(["calendar_pk"], ["calendar.pk"], name="fk_kiosk_calendar_pk"),
        sa.ForeignKeyConstraint(["venue_pk"], ["venue.pk"], name="fk_kiosk_venue_pk"),
        sa.PrimaryKeyConstraint("pk", name="pk_kiosk"),
        sa.UniqueConstraint("id", name="uq_kiosk_id"),
        sa.UniqueConstraint("secret_hash", name="uq_kiosk_secret_hash"),
    )
    op.create_index("ix_kiosk_calendar_pk", "kiosk", ["calendar_pk"], unique=False)
    op.create_index("ix_kiosk_venue_pk", "kiosk", ["venue_pk"], unique=False)
    op.create_table(
        "maintenance",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("calendar_pk", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_km", sa.Integer(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("absence_pk", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('inspection', 'servicing', 'insurance', 'other')", name=op.f("ck_maintenance_kind")
        ),
        sa.CheckConstraint("due_on IS NOT NULL OR due_km IS NOT NULL", name=op.f("ck_maintenance_due")),
        sa.ForeignKeyConstraint(["absence_pk"], ["entry.pk"], name="fk_maintenance_absence_pk"),
        sa.ForeignKeyConstraint(["calendar_pk"], ["calendar.pk"], name="fk_maintenance_calendar_pk"),
        sa.PrimaryKeyConstraint("pk", name="pk_maintenance"),
        sa.UniqueConstraint("id", name="uq_maintenance_id"),
    )
    op.create_index("ix_maintenance_calendar_pk", "maintenance", ["calendar_pk"], unique=False)
    op.create_table(
        "quota",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("calendar_pk", sa.Integer(), nullable=True),
        sa.Column("organisation_pk", sa.Integer(), nullable=True),
        sa.Column("counted_by", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.CheckConstraint("counted_by IN ('account', 'organisation', 'calendar')", name=op.f("ck_quota_counted_by")),
        sa.CheckConstraint("measure IN ('reservations', 'hours')", name=op.f("ck_quota_measure")),
        sa.CheckConstraint("period IN ('day', 'week', 'month', 'year')", name=op.f("ck_quota_period")),
        sa.CheckConstraint("(calendar_pk IS NULL) <> (organisation_pk IS NULL)", name=op.f("ck_quota_one_scope")),
        sa.CheckConstraint("most >= 0", name=op.f("ck_quota_most")),
        sa.ForeignKeyConstraint(["calendar_pk"], ["calendar.pk"], name="fk_quota_calendar_pk"),
        sa.ForeignKeyConstraint(["organisation_pk"], ["organisation.pk"], name="fk_quota_organisation_pk"),
        sa.PrimaryKeyConstraint("pk", name="pk_quota"),
        sa.UniqueConstraint("id", name="uq_quota_id"),
    )
    op.create_index("ix_quota_calendar_pk", "quota", ["calendar_pk"], unique=False)
    op.create_index("ix_quota_organisation_pk", "quota", ["organisation_pk"], unique=False)
    op.create_table(
        "refused_wish",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("calendar_pk", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["calendar_pk"], ["calendar.pk"], name="fk_refused_wish_calendar_pk"),
        sa.PrimaryKeyConstraint("pk", name="pk_refused_wish"),
    )
    op.create_index("ix_refused_wish_calendar_pk_starts", "refused_wish", ["calendar_pk", "starts"], unique=False)
    op.create_table(
        "trip",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("calendar_pk", sa.Integer(), nullable=False),
        sa.Column("entry_pk", sa.Integer(), nullable=True),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("driver_pk", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=True),
        sa.Column("passengers", sa.Integer(), nullable=True),
        sa.Column("departed_at", sa.Integer(), nullable=False),
        sa.Column("departure_km", sa.Integer(), nullable=False),
        sa.Column("returned_at", sa.Integer(), nullable=True),
        sa.Column("return_km", sa.Integer(), nullable=True),
        sa.Column("fuel_litres", sa.Double(), nullable=True),
        sa.Column("charge_percent", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=True),
        sa.Column("photo_pk", sa.Integer(), nullable=True),
        sa.Column("declared_by_pk", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(returned_at IS NULL) = (return_km IS NULL)", name=op.f("ck_trip_whole_return")),
        sa.CheckConstraint("charge_percent BETWEEN 0 AND 100", name=op.f("ck_trip_charge")),
        sa.CheckConstraint(
            "departure_km >= 0 AND (return_km IS NULL OR return_km >= departure_km)", name=op.f("ck_trip_odometer")
        ),
        sa.CheckConstraint("returned_at IS NULL OR returned_at >= departed_at", name=op.f("ck_trip_times")),
        sa.ForeignKeyConstraint(["calendar_pk"], ["calendar.pk"], name="fk_trip_calendar_pk"),
        sa.ForeignKeyConstraint(["declared_by_pk"], ["account.pk"], name="fk_trip_declared_by_pk"),
        sa.ForeignKeyConstraint(["driver_pk"], ["account.pk"], name="fk_trip_driver_pk"),
        sa.ForeignKeyConstraint(["entry_pk"], ["entry.pk"], name="fk_trip_entry_pk"),
        sa.ForeignKeyConstraint(["photo_pk"], ["photo.pk"], name="fk_trip_photo_pk"),
        sa.PrimaryKeyConstraint("pk", name="pk_trip"),
        sa.UniqueConstraint("id", name="uq_trip_id"),
    )
    op.create_index("ix_trip_calendar_pk_departed_at", "trip", ["calendar_pk", "departed_at"], unique=False)
    op.create_index("ix_trip_entry_pk", "trip", ["entry_pk"], unique=False)
    op.create_index(
        "uq_trip_open",
        "trip",
        ["calendar_pk"],
        unique=True,
        postgresql_where=sa.text("returned_at IS NULL"),
        sqlite_where=sa.text("returned_at IS NULL"),
    )
    op.create_table(
        "waiting",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("calendar_pk", sa.Integer(), nullable=False),
        sa.Column("account_pk", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("entry_pk", sa.Integer(), nullable=True),
        sa.Column("held_until", sa.Integer(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'offered', 'taken', 'withdrawn', 'lapsed')", name=op.f("ck_waiting_state")
        ),
        sa.CheckConstraint("starts < ends", name=op.f("ck_waiting_span")),
        sa.ForeignKeyConstraint(["account_pk"], ["account.pk"], name="fk_waiting_account_pk"),
        sa.ForeignKeyConstraint(["calendar_pk"], ["calendar.pk"], name="fk_waiting_calendar_pk"),
        sa.ForeignKeyConstraint(["entry_pk"], ["entry.pk"], name="fk_waiting_entry_pk"),
        sa.PrimaryKeyConstraint("pk", name="pk_waiting"),
        sa.UniqueConstraint("id", name="uq_waiting_id"),
    )
    op.create_index("ix_waiting_account_pk", "waiting", ["account_pk"], unique=False)
    op.create_index(
        "ix_waiting_calendar_pk",
        "waiting",
        ["calendar_pk", "pk"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
        sqlite_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_waiting_entry_pk", "waiting", ["entry_pk"], unique=False)
    op.add_column("account", sa.Column("licence_expires_on", sa.Date(), nullable=True))
    op.add_column("calendar", sa.Column("least_people", sa.Integer(), nullable=True))
    op.add_column("calendar", sa.Column("notice_minutes", sa.Integer(), server_default="0", nullable=False))
    op.add_column("calendar", sa.Column("change_notice_minutes", sa.Integer(), server_default="0", nullable=False))
    op.add_column("calendar", sa.Column("cancel_notice_minutes", sa.Integer(), server_default="0", nullable=False))
    op.add_column("calendar", sa.Column("horizon_days", sa.Integer(), nullable=True))
    op.add_column("calendar", sa.Column("shortest_minutes", sa.Integer(), nullable=True))
    op.add_column("calendar", sa.Column("longest_minutes", sa.Integer(), nullable=True))
    op.add_column("calendar", sa.Column("half_days", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("calendar", sa.Column("closed_on", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("calendar", sa.Column("option_days", sa.Integer(), nullable=True))
    op.add_column("calendar", sa.Column("check_in_minutes", sa.Integer(), nullable=True))
    op.execute(POINTER.format(table="calendar", column="whole_pk", to="calendar"))
    op.add_column("calendar", sa.Column("make", sa.String(), nullable=True))
    op.add_column("calendar", sa.Column("model", sa.String(), nullable=True))
    op.add_column("calendar", sa.Column("range_km", sa.Integer(), nullable=True))
    op.add_column("calendar", sa.Column("insurance", sa.String(), nullable=True))
    op.add_column("calendar", sa.Column("key_place", sa.String(), nullable=True))
    op.add_column("calendar", sa.Column("late_minutes", sa.Integer(), server_default="30", nullable=False))
    op.create_index("ix_calendar_whole_pk", "calendar", ["whole_pk"], unique=False)
    op.add_column("reservation", sa.Column("people", sa.Integer(), nullable=True))
    op.execute(POINTER.format(table="reservation", column="driver_pk", to="account"))
    op.add_column("reservation", sa.Column("planned_km", sa.Integer(), nullable=True))
    op.add_column("reservation", sa.Column("option", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute(POINTER.format(table="reservation", column="split_from_pk", to="entry"))
