"""First tables: the whole of the domain, with the law in the database."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


SQLITE_INDEX = "CREATE INDEX ix_claim_exclusive ON claim (calendar_pk, starts, ends) WHERE exclusive"

POSTGRESQL_LAW = """ALTER TABLE claim ADD CONSTRAINT claim_law EXCLUDE USING gist (
    int4range(calendar_pk, calendar_pk, '[]') WITH &&, int4range(starts, ends) WITH &&) WHERE (exclusive)"""

SQLITE_TRIGGERS = (
    """CREATE TRIGGER claim_law_insert BEFORE INSERT ON claim WHEN NEW.exclusive
BEGIN
  SELECT RAISE(ABORT, 'claim_law') WHERE EXISTS (
    SELECT 1 FROM (
      SELECT ends FROM claim INDEXED BY ix_claim_exclusive
      WHERE exclusive AND calendar_pk = NEW.calendar_pk AND starts < NEW.ends
      ORDER BY starts DESC LIMIT 1
    ) WHERE ends > NEW.starts
  );
END""",
    """CREATE TRIGGER claim_law_update BEFORE UPDATE OF calendar_pk, starts, ends, exclusive ON claim WHEN NEW.exclusive
BEGIN
  SELECT RAISE(ABORT, 'claim_law') WHERE EXISTS (
    SELECT 1 FROM (
      SELECT ends FROM claim INDEXED BY ix_claim_exclusive
      WHERE exclusive AND calendar_pk = NEW.calendar_pk AND starts < NEW.ends AND pk <> NEW.pk
      ORDER BY starts DESC LIMIT 1
    ) WHERE ends > NEW.starts
  );
END""",
    """CREATE TRIGGER enrolment_seats_insert AFTER INSERT ON enrolment WHEN NEW.state IN ('enrolled', 'offered')
BEGIN UPDATE workshop SET taken = taken + 1 WHERE entry_pk = NEW.workshop_pk; END""",
    """CREATE TRIGGER enrolment_seats_update AFTER UPDATE OF state ON enrolment
WHEN (OLD.state IN ('enrolled', 'offered')) <> (NEW.state IN ('enrolled', 'offered'))
BEGIN
  UPDATE workshop SET taken = taken + CASE WHEN NEW.state IN ('enrolled', 'offered') THEN 1 ELSE -1 END
  WHERE entry_pk = NEW.workshop_pk;
END""",
    """CREATE TRIGGER enrolment_seats_delete AFTER DELETE ON enrolment WHEN OLD.state IN ('enrolled', 'offered')
BEGIN UPDATE workshop SET taken = taken - 1 WHERE entry_pk = OLD.workshop_pk; END""",
    """CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END""",
    """CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END""",
)

POSTGRESQL_TRIGGERS = (
    """CREATE FUNCTION enrolment_seats() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE change integer := 0;
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.state IN ('enrolled', 'offered') THEN change := change - 1; END IF;
  IF TG_OP <> 'DELETE' AND NEW.state IN ('enrolled', 'offered') THEN change := change + 1; END IF;
  IF change <> 0 THEN
    UPDATE workshop SET taken = taken + change WHERE entry_pk = COALESCE(NEW.workshop_pk, OLD.workshop_pk);
  END IF;
  RETURN NULL;
END $$""",
    """CREATE TRIGGER enrolment_seats AFTER INSERT OR DELETE OR UPDATE OF state ON enrolment
FOR EACH ROW EXECUTE FUNCTION enrolment_seats()""",
    """CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$""",
    """CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()""",
)


def _hold_the_law() -> None:
    """Constraints and triggers that Alembic cannot write: the claims' law, the seats, the append-only audit."""
    if op.get_bind().dialect.name == "sqlite":
        statements: tuple[str, ...] = (SQLITE_INDEX, *SQLITE_TRIGGERS)
    else:
        statements = (POSTGRESQL_LAW, *POSTGRESQL_TRIGGERS)
    for statement in statements:
        op.get_bind().exec_driver_sql(statement.replace("%", "%%") if "%" in statement else statement)


def upgrade() -> None:
    op.create_table(
        "attempt",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_attempt")),
    )
    op.create_table(
        "audit_seal",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("first_pk", sa.Integer(), nullable=False),
        sa.Column("last_pk", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("sealed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_audit_seal")),
    )
    op.create_table(
        "purpose",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.Column("professions", sa.JSON(), nullable=False),
        sa.Column("room_capacity", sa.Integer(), nullable=False),
        sa.Column("needs_vehicle", sa.Boolean(), nullable=False),
        sa.Column("notice_minutes", sa.Integer(), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.CheckConstraint("before >= 0 AND after >= 0 AND notice_minutes >= 0", name=op.f("ck_purpose_buffers")),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_purpose_minutes")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_purpose")),
        sa.UniqueConstraint("id", name=op.f("uq_purpose_id")),
    )
    op.create_table(
        "territory",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("school_zone", sa.String(), nullable=True),
        sa.Column("public_holidays", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_territory")),
        sa.UniqueConstraint("id", name=op.f("uq_territory_id")),
    )
    op.create_table(
        "beneficiary",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("territory_pk", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("name_key", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("consent_reminders", sa.Boolean(), nullable=False),
        sa.Column("needs", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("anonymised_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["territory_pk"], ["territory.pk"], name=op.f("fk_beneficiary_territory_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_beneficiary")),
    )
    op.create_index("ix_beneficiary_territory_pk_name_key", "beneficiary", ["territory_pk", "name_key"], unique=False)
    op.create_index("ix_beneficiary_territory_pk_phone", "beneficiary", ["territory_pk", "phone"], unique=False)
    op.create_table(
        "organisation",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("territory_pk", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["territory_pk"], ["territory.pk"], name=op.f("fk_organisation_territory_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_organisation")),
        sa.UniqueConstraint("id", name=op.f("uq_organisation_id")),
    )
    op.create_index(op.f("ix_organisation_territory_pk"), "organisation", ["territory_pk"], unique=False)
    op.create_table(
        "programme",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("territory_pk", sa.Integer(), nullable=False),
        sa.Column("quarter", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'published')", name=op.f("ck_programme_state")),
        sa.ForeignKeyConstraint(["territory_pk"], ["territory.pk"], name=op.f("fk_programme_territory_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_programme")),
        sa.UniqueConstraint("id", name=op.f("uq_programme_id")),
    )
    op.create_index(op.f("ix_programme_territory_pk"), "programme", ["territory_pk"], unique=False)
    op.create_table(
        "venue",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("organisation_pk", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("postcode", sa.String(), nullable=True),
        sa.Column("commune", sa.String(), nullable=True),
        sa.Column("insee", sa.String(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("access", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["organisation_pk"], ["organisation.pk"], name=op.f("fk_venue_organisation_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_venue")),
        sa.UniqueConstraint("id", name=op.f("uq_venue_id")),
    )
    op.create_index(op.f("ix_venue_organisation_pk"), "venue", ["organisation_pk"], unique=False)
    op.create_table(
        "account",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("organisation_pk", sa.Integer(), nullable=False),
        sa.Column("home_venue_pk", sa.Integer(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("session_version", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("invited_at", sa.BigInteger(), nullable=True),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "role IN ('adviser', 'secretary', 'coordinator', 'administrator')", name=op.f("ck_account_role")
        ),
        sa.ForeignKeyConstraint(["home_venue_pk"], ["venue.pk"], name=op.f("fk_account_home_venue_pk")),
        sa.ForeignKeyConstraint(["organisation_pk"], ["organisation.pk"], name=op.f("fk_account_organisation_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
        sa.UniqueConstraint("id", name=op.f("uq_account_id")),
    )
    op.create_index(op.f("ix_account_organisation_pk"), "account", ["organisation_pk"], unique=False)
    op.create_table(
        "instruction",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("purpose_pk", sa.Integer(), nullable=True),
        sa.Column("venue_pk", sa.Integer(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["purpose_pk"], ["purpose.pk"], name=op.f("fk_instruction_purpose_pk")),
        sa.ForeignKeyConstraint(["venue_pk"], ["venue.pk"], name=op.f("fk_instruction_venue_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_instruction")),
        sa.UniqueConstraint("purpose_pk", "venue_pk", name=op.f("uq_instruction_purpose_pk_venue_pk")),
    )
    op.create_index(op.f("ix_instruction_venue_pk"), "instruction", ["venue_pk"], unique=False)
    op.create_table(
        "answer",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("account_pk", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("body", sa.String(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_pk"], ["account.pk"], name=op.f("fk_answer_account_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_answer")),
        sa.UniqueConstraint("account_pk", "key", name=op.f("uq_answer_account_pk_key")),
    )
    op.create_index("ix_answer_created", "answer", ["created"], unique=False)
    op.create_table(
        "api_token",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("account_pk", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("scope IN ('read', 'write')", name=op.f("ck_api_token_scope")),
        sa.ForeignKeyConstraint(["account_pk"], ["account.pk"], name=op.f("fk_api_token_account_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_index(op.f("ix_api_token_account_pk"), "api_token", ["account_pk"], unique=False)
    op.create_table(
        "audit",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("account_pk", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("object_kind", sa.String(), nullable=False),
        sa.Column("object_id", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["account_pk"], ["account.pk"], name=op.f("fk_audit_account_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_object_id", "audit", ["object_id", "object_kind"], unique=False)
    op.create_table(
        "calendar",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("organisation_pk", sa.Integer(), nullable=False),
        sa.Column("venue_pk", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("account_pk", sa.Integer(), nullable=True),
        sa.Column("profession", sa.String(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("equipment", sa.JSON(), nullable=False),
        sa.Column("setup_minutes", sa.Integer(), nullable=False),
        sa.Column("cleanup_minutes", sa.Integer(), nullable=False),
        sa.Column("moderated", sa.Boolean(), nullable=False),
        sa.Column("registration", sa.String(), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("energy", sa.String(), nullable=True),
        sa.Column("odometer_km", sa.Integer(), nullable=True),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind = 'adviser' OR venue_pk IS NOT NULL", name=op.f("ck_calendar_venue")),
        sa.CheckConstraint("kind IN ('adviser', 'room', 'vehicle')", name=op.f("ck_calendar_kind")),
        sa.CheckConstraint("setup_minutes >= 0 AND cleanup_minutes >= 0", name=op.f("ck_calendar_buffers")),
        sa.ForeignKeyConstraint(["account_pk"], ["account.pk"], name=op.f("fk_calendar_account_pk")),
        sa.ForeignKeyConstraint(["organisation_pk"], ["organisation.pk"], name=op.f("fk_calendar_organisation_pk")),
        sa.ForeignKeyConstraint(["venue_pk"], ["venue.pk"], name=op.f("fk_calendar_venue_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_calendar")),
        sa.UniqueConstraint("account_pk", name=op.f("uq_calendar_account_pk")),
        sa.UniqueConstraint("id", name=op.f("uq_calendar_id")),
    )
    op.create_index(op.f("ix_calendar_organisation_pk"), "calendar", ["organisation_pk"], unique=False)
    op.create_index(op.f("ix_calendar_venue_pk"), "calendar", ["venue_pk"], unique=False)
    op.create_table(
        "entry",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("territory_pk", sa.Integer(), nullable=False),
        sa.Column("venue_pk", sa.Integer(), nullable=True),
        sa.Column("booked_by_pk", sa.Integer(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("last_modified", sa.BigInteger(), nullable=False),
        sa.Column("lapses_at", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("starts_wall", sa.String(), nullable=True),
        sa.Column("rrule", sa.String(), nullable=True),
        sa.Column("exdates", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("related_pk", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('appointment', 'reservation', 'workshop', 'meeting', 'drop_in', 'absence', 'busy')",
            name=op.f("ck_entry_kind"),
        ),
        sa.CheckConstraint(
            "status IN ('confirmed', 'tentative', 'cancelled', 'rejected')", name=op.f("ck_entry_status")
        ),
        sa.CheckConstraint("before >= 0 AND after >= 0", name=op.f("ck_entry_buffers")),
        sa.CheckConstraint("starts < ends", name=op.f("ck_entry_span")),
        sa.ForeignKeyConstraint(["booked_by_pk"], ["account.pk"], name=op.f("fk_entry_booked_by_pk")),
        sa.ForeignKeyConstraint(["related_pk"], ["entry.pk"], name=op.f("fk_entry_related_pk")),
        sa.ForeignKeyConstraint(["territory_pk"], ["territory.pk"], name=op.f("fk_entry_territory_pk")),
        sa.ForeignKeyConstraint(["venue_pk"], ["venue.pk"], name=op.f("fk_entry_venue_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_entry")),
        sa.UniqueConstraint("kind", "id", name=op.f("uq_entry_kind_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_entry_uid")),
    )
    op.create_index(
        "ix_entry_lapses_at",
        "entry",
        ["lapses_at"],
        unique=False,
        postgresql_where=sa.text("lapses_at IS NOT NULL"),
        sqlite_where=sa.text("lapses_at IS NOT NULL"),
    )
    op.create_index(
        "ix_entry_related_pk",
        "entry",
        ["related_pk"],
        unique=False,
        postgresql_where=sa.text("related_pk IS NOT NULL"),
        sqlite_where=sa.text("related_pk IS NOT NULL"),
    )
    op.create_index("ix_entry_territory_pk_starts", "entry", ["territory_pk", "starts"], unique=False)
    op.create_table(
        "mandate",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("beneficiary_pk", sa.Integer(), nullable=False),
        sa.Column("account_pk", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["account_pk"], ["account.pk"], name=op.f("fk_mandate_account_pk")),
        sa.ForeignKeyConstraint(["beneficiary_pk"], ["beneficiary.pk"], name=op.f("fk_mandate_beneficiary_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_mandate")),
    )
    op.create_index(op.f("ix_mandate_beneficiary_pk"), "mandate", ["beneficiary_pk"], unique=False)
    op.create_table(
        "programme_version",
        sa.Column("programme_pk", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("published_by_pk", sa.Integer(), nullable=True),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["programme_pk"], ["programme.pk"], name=op.f("fk_programme_version_programme_pk")),
        sa.ForeignKeyConstraint(["published_by_pk"], ["account.pk"], name=op.f("fk_programme_version_published_by_pk")),
        sa.PrimaryKeyConstraint("programme_pk", "number", name=op.f("pk_programme_version")),
    )
    op.create_table(
        "appointment",
        sa.Column("entry_pk", sa.Integer(), nullable=False),
        sa.Column("purpose_pk", sa.Integer(), nullable=False),
        sa.Column("beneficiary_pk", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("urgency", sa.String(), nullable=True),
        sa.Column("attendance", sa.String(), nullable=False),
        sa.CheckConstraint(
            "attendance IN ('unknown', 'attended', 'excused', 'cancelled_by_service', 'no_show')",
            name=op.f("ck_appointment_attendance"),
        ),
        sa.CheckConstraint("urgency IN ('felt', 'real', 'deadline')", name=op.f("ck_appointment_urgency")),
        sa.CheckConstraint("length(note) <= 300", name=op.f("ck_appointment_note")),
        sa.ForeignKeyConstraint(["beneficiary_pk"], ["beneficiary.pk"], name=op.f("fk_appointment_beneficiary_pk")),
        sa.ForeignKeyConstraint(["entry_pk"], ["entry.pk"], name=op.f("fk_appointment_entry_pk")),
        sa.ForeignKeyConstraint(["purpose_pk"], ["purpose.pk"], name=op.f("fk_appointment_purpose_pk")),
        sa.PrimaryKeyConstraint("entry_pk", name=op.f("pk_appointment")),
    )
    op.create_index(op.f("ix_appointment_beneficiary_pk"), "appointment", ["beneficiary_pk"], unique=False)
    op.create_index(op.f("ix_appointment_purpose_pk"), "appointment", ["purpose_pk"], unique=False)
    op.create_table(
        "claim",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("calendar_pk", sa.Integer(), nullable=False),
        sa.Column("entry_pk", sa.Integer(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.Column("strength", sa.String(), nullable=False),
        sa.Column("exclusive", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "strength IN ('busy', 'busy-tentative', 'busy-unavailable')", name=op.f("ck_claim_strength")
        ),
        sa.CheckConstraint("starts < ends", name=op.f("ck_claim_span")),
        sa.ForeignKeyConstraint(["calendar_pk"], ["calendar.pk"], name=op.f("fk_claim_calendar_pk")),
        sa.ForeignKeyConstraint(["entry_pk"], ["entry.pk"], name=op.f("fk_claim_entry_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_claim")),
    )
    op.create_index("ix_claim_calendar_pk_starts", "claim", ["calendar_pk", "starts", "ends"], unique=False)
    op.create_index(op.f("ix_claim_entry_pk"), "claim", ["entry_pk"], unique=False)
    op.create_index(
        "ix_claim_long",
        "claim",
        ["calendar_pk", "starts", "ends"],
        unique=False,
        sqlite_where=sa.text("ends - starts > 1440"),
        postgresql_where=sa.text("ends - starts > 1440"),
    )
    op.create_table(
        "external_calendar",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("calendar_pk", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("keeps_titles", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("etag", sa.String(), nullable=True),
        sa.Column("body_hash", sa.String(), nullable=True),
        sa.Column("last_success_at", sa.BigInteger(), nullable=True),
        sa.Column("next_try_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["calendar_pk"], ["calendar.pk"], name=op.f("fk_external_calendar_calendar_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_external_calendar")),
        sa.UniqueConstraint("id", name=op.f("uq_external_calendar_id")),
    )
    op.create_index(op.f("ix_external_calendar_calendar_pk"), "external_calendar", ["calendar_pk"], unique=False)
    op.create_table(
        "feed",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_pk", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("calendar_pk", sa.Integer(), nullable=True),
        sa.Column("venue_pk", sa.Integer(), nullable=True),
        sa.Column("organisation_pk", sa.Integer(), nullable=True),
        sa.Column("territory_pk", sa.Integer(), nullable=True),
        sa.Column("programme_pk", sa.Integer(), nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("alarm_minutes", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("last_read_at", sa.BigInteger(), nullable=True),
        sa.Column("last_read_by", sa.String(), nullable=True),
        sa.CheckConstraint("detail IN ('free_busy', 'limited', 'full')", name=op.f("ck_feed_detail")),
        sa.CheckConstraint(
            "(CASE WHEN calendar_pk IS NULL THEN 0 ELSE 1 END) + (CASE WHEN venue_pk IS NULL THEN 0 ELSE 1 END) + (CASE WHEN organisation_pk IS NULL THEN 0 ELSE 1 END) + (CASE WHEN territory_pk IS NULL THEN 0 ELSE 1 END) + (CASE WHEN programme_pk IS NULL THEN 0 ELSE 1 END) = 1",
            name=op.f("ck_feed_one_scope"),
        ),
        sa.ForeignKeyConstraint(["account_pk"], ["account.pk"], name=op.f("fk_feed_account_pk")),
        sa.ForeignKeyConstraint(["calendar_pk"], ["calendar.pk"], name=op.f("fk_feed_calendar_pk")),
        sa.ForeignKeyConstraint(["organisation_pk"], ["organisation.pk"], name=op.f("fk_feed_organisation_pk")),
        sa.ForeignKeyConstraint(["programme_pk"], ["programme.pk"], name=op.f("fk_feed_programme_pk")),
        sa.ForeignKeyConstraint(["territory_pk"], ["territory.pk"], name=op.f("fk_feed_territory_pk")),
        sa.ForeignKeyConstraint(["venue_pk"], ["venue.pk"], name=op.f("fk_feed_venue_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_feed")),
        sa.UniqueConstraint("id", name=op.f("uq_feed_id")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_feed_secret_hash")),
    )
    op.create_index(op.f("ix_feed_account_pk"), "feed", ["account_pk"], unique=False)
    op.create_table(
        "occurrence",
        sa.Column("entry_pk", sa.Integer(), nullable=False),
        sa.Column("original", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=True),
        sa.Column("ends", sa.Integer(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("last_modified", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["entry_pk"], ["entry.pk"], name=op.f("fk_occurrence_entry_pk")),
        sa.PrimaryKeyConstraint("entry_pk", "original", name=op.f("pk_occurrence")),
    )
    op.create_table(
        "opening",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("calendar_pk", sa.Integer(), nullable=False),
        sa.Column("venue_pk", sa.Integer(), nullable=False),
        sa.Column("starts_wall", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("rrule", sa.String(), nullable=True),
        sa.Column("exdates", sa.JSON(), nullable=False),
        sa.Column("admission", sa.String(), nullable=False),
        sa.Column("limited", sa.Boolean(), nullable=False),
        sa.Column("holidays", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("admission IN ('by_appointment', 'drop_in', 'both')", name=op.f("ck_opening_admission")),
        sa.CheckConstraint("holidays IN ('closed', 'open')", name=op.f("ck_opening_holidays")),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_opening_minutes")),
        sa.ForeignKeyConstraint(["calendar_pk"], ["calendar.pk"], name=op.f("fk_opening_calendar_pk")),
        sa.ForeignKeyConstraint(["venue_pk"], ["venue.pk"], name=op.f("fk_opening_venue_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_opening")),
        sa.UniqueConstraint("id", name=op.f("uq_opening_id")),
    )
    op.create_index(op.f("ix_opening_calendar_pk"), "opening", ["calendar_pk"], unique=False)
    op.create_index(op.f("ix_opening_venue_pk"), "opening", ["venue_pk"], unique=False)
    op.create_table(
        "released_claim",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("calendar_pk", sa.Integer(), nullable=False),
        sa.Column("entry_pk", sa.Integer(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.Column("strength", sa.String(), nullable=False),
        sa.Column("exclusive", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["calendar_pk"], ["calendar.pk"], name=op.f("fk_released_claim_calendar_pk")),
        sa.ForeignKeyConstraint(["entry_pk"], ["entry.pk"], name=op.f("fk_released_claim_entry_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_released_claim")),
    )
    op.create_index("ix_released_claim_calendar_pk_ends", "released_claim", ["calendar_pk", "ends"], unique=False)
    op.create_index(op.f("ix_released_claim_entry_pk"), "released_claim", ["entry_pk"], unique=False)
    op.create_table(
        "reminder",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("dedupe_key", sa.String(), nullable=False),
        sa.Column("territory_pk", sa.Integer(), nullable=True),
        sa.Column("entry_pk", sa.Integer(), nullable=True),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("account_pk", sa.Integer(), nullable=True),
        sa.Column("beneficiary_pk", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("offset_minutes", sa.Integer(), nullable=False),
        sa.Column("due_wall", sa.String(), nullable=True),
        sa.Column("zone", sa.String(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("not_after", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("facts", sa.JSON(none_as_null=True), nullable=True),
        sa.CheckConstraint("channel IN ('mail', 'sms')", name=op.f("ck_reminder_channel")),
        sa.CheckConstraint(
            "status IN ('pending', 'sent', 'skipped', 'expired', 'failed', 'to_confirm')",
            name=op.f("ck_reminder_status"),
        ),
        sa.ForeignKeyConstraint(["account_pk"], ["account.pk"], name=op.f("fk_reminder_account_pk")),
        sa.ForeignKeyConstraint(["beneficiary_pk"], ["beneficiary.pk"], name=op.f("fk_reminder_beneficiary_pk")),
        sa.ForeignKeyConstraint(["entry_pk"], ["entry.pk"], name=op.f("fk_reminder_entry_pk")),
        sa.ForeignKeyConstraint(["territory_pk"], ["territory.pk"], name=op.f("fk_reminder_territory_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_reminder")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_reminder_dedupe_key")),
    )
    op.create_index(
        "ix_reminder_due_at",
        "reminder",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
        sqlite_where=sa.text("status = 'pending'"),
    )
    op.create_index(op.f("ix_reminder_entry_pk"), "reminder", ["entry_pk"], unique=False)
    op.create_index(op.f("ix_reminder_territory_pk"), "reminder", ["territory_pk"], unique=False)
    op.create_table(
        "reservation",
        sa.Column("entry_pk", sa.Integer(), nullable=False),
        sa.Column("booked_for_pk", sa.Integer(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["booked_for_pk"], ["account.pk"], name=op.f("fk_reservation_booked_for_pk")),
        sa.ForeignKeyConstraint(["entry_pk"], ["entry.pk"], name=op.f("fk_reservation_entry_pk")),
        sa.PrimaryKeyConstraint("entry_pk", name=op.f("pk_reservation")),
    )
    op.create_table(
        "share",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("calendar_pk", sa.Integer(), nullable=False),
        sa.Column("account_pk", sa.Integer(), nullable=True),
        sa.Column("organisation_pk", sa.Integer(), nullable=True),
        sa.Column("territory_pk", sa.Integer(), nullable=True),
        sa.Column("level", sa.String(), nullable=False),
        sa.CheckConstraint(
            "level IN ('none', 'free_busy', 'book_offered', 'details', 'propose', 'book', 'manage')",
            name=op.f("ck_share_level"),
        ),
        sa.CheckConstraint(
            "(account_pk IS NOT NULL AND organisation_pk IS NULL AND territory_pk IS NULL) OR (account_pk IS NULL AND organisation_pk IS NOT NULL AND territory_pk IS NULL) OR (account_pk IS NULL AND organisation_pk IS NULL AND territory_pk IS NOT NULL)",
            name=op.f("ck_share_one_audience"),
        ),
        sa.ForeignKeyConstraint(["account_pk"], ["account.pk"], name=op.f("fk_share_account_pk")),
        sa.ForeignKeyConstraint(["calendar_pk"], ["calendar.pk"], name=op.f("fk_share_calendar_pk")),
        sa.ForeignKeyConstraint(["organisation_pk"], ["organisation.pk"], name=op.f("fk_share_organisation_pk")),
        sa.ForeignKeyConstraint(["territory_pk"], ["territory.pk"], name=op.f("fk_share_territory_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_share")),
        sa.UniqueConstraint("calendar_pk", "account_pk", name=op.f("uq_share_calendar_pk_account_pk")),
        sa.UniqueConstraint("calendar_pk", "organisation_pk", name=op.f("uq_share_calendar_pk_organisation_pk")),
        sa.UniqueConstraint("calendar_pk", "territory_pk", name=op.f("uq_share_calendar_pk_territory_pk")),
    )
    op.create_index("ix_share_account_pk", "share", ["account_pk"], unique=False)
    op.create_table(
        "workshop",
        sa.Column("entry_pk", sa.Integer(), nullable=False),
        sa.Column("programme_pk", sa.Integer(), nullable=True),
        sa.Column("summary", sa.String(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'published', 'cancelled')", name=op.f("ck_workshop_state")),
        sa.CheckConstraint("capacity >= 0 AND taken >= 0", name=op.f("ck_workshop_counts")),
        sa.CheckConstraint("taken <= capacity", name=op.f("ck_workshop_seats")),
        sa.ForeignKeyConstraint(["entry_pk"], ["entry.pk"], name=op.f("fk_workshop_entry_pk")),
        sa.ForeignKeyConstraint(["programme_pk"], ["programme.pk"], name=op.f("fk_workshop_programme_pk")),
        sa.PrimaryKeyConstraint("entry_pk", name=op.f("pk_workshop")),
    )
    op.create_index(op.f("ix_workshop_programme_pk"), "workshop", ["programme_pk"], unique=False)
    op.create_table(
        "enrolment",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("workshop_pk", sa.Integer(), nullable=False),
        sa.Column("beneficiary_pk", sa.Integer(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attendance", sa.String(), nullable=False),
        sa.Column("enrolled_by_pk", sa.Integer(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("held_until", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('enrolled', 'waiting', 'offered', 'cancelled')", name=op.f("ck_enrolment_state")),
        sa.ForeignKeyConstraint(["beneficiary_pk"], ["beneficiary.pk"], name=op.f("fk_enrolment_beneficiary_pk")),
        sa.ForeignKeyConstraint(["enrolled_by_pk"], ["account.pk"], name=op.f("fk_enrolment_enrolled_by_pk")),
        sa.ForeignKeyConstraint(["workshop_pk"], ["workshop.entry_pk"], name=op.f("fk_enrolment_workshop_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_enrolment")),
        sa.UniqueConstraint("id", name=op.f("uq_enrolment_id")),
        sa.UniqueConstraint("workshop_pk", "place", name=op.f("uq_enrolment_workshop_pk_place")),
    )
    op.create_index("ix_enrolment_workshop_pk_state", "enrolment", ["workshop_pk", "state"], unique=False)
    op.create_table(
        "imported_busy",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("calendar_pk", sa.Integer(), nullable=False),
        sa.Column("external_calendar_pk", sa.Integer(), nullable=True),
        sa.Column("entry_pk", sa.Integer(), nullable=True),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.Column("transparent", sa.Boolean(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.CheckConstraint("starts < ends", name=op.f("ck_imported_busy_span")),
        sa.ForeignKeyConstraint(["calendar_pk"], ["calendar.pk"], name=op.f("fk_imported_busy_calendar_pk")),
        sa.ForeignKeyConstraint(["entry_pk"], ["entry.pk"], name=op.f("fk_imported_busy_entry_pk")),
        sa.ForeignKeyConstraint(
            ["external_calendar_pk"],
            ["external_calendar.pk"],
            name=op.f("fk_imported_busy_external_calendar_pk"),
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_imported_busy")),
    )
    op.create_index(op.f("ix_imported_busy_calendar_pk"), "imported_busy", ["calendar_pk"], unique=False)
    op.create_table(
        "opening_change",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("opening_pk", sa.Integer(), nullable=False),
        sa.Column("original", sa.String(), nullable=False),
        sa.Column("starts_wall", sa.String(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("venue_pk", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["opening_pk"], ["opening.pk"], name=op.f("fk_opening_change_opening_pk"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["venue_pk"], ["venue.pk"], name=op.f("fk_opening_change_venue_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_opening_change")),
        sa.UniqueConstraint("opening_pk", "original", name=op.f("uq_opening_change_opening_pk_original")),
    )
    op.create_table(
        "opening_purpose",
        sa.Column("opening_pk", sa.Integer(), nullable=False),
        sa.Column("purpose_pk", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["opening_pk"], ["opening.pk"], name=op.f("fk_opening_purpose_opening_pk"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["purpose_pk"], ["purpose.pk"], name=op.f("fk_opening_purpose_purpose_pk")),
        sa.PrimaryKeyConstraint("opening_pk", "purpose_pk", name=op.f("pk_opening_purpose")),
    )
    op.create_table(
        "referral",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("territory_pk", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("referrer_pk", sa.Integer(), nullable=True),
        sa.Column("recipient_pk", sa.Integer(), nullable=True),
        sa.Column("beneficiary_pk", sa.Integer(), nullable=True),
        sa.Column("appointment_pk", sa.Integer(), nullable=True),
        sa.Column("sheet", sa.JSON(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("last_modified", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'sent', 'seen', 'accepted', 'refused', 'expired', 'withdrawn', 'closed')",
            name=op.f("ck_referral_state"),
        ),
        sa.ForeignKeyConstraint(["appointment_pk"], ["appointment.entry_pk"], name=op.f("fk_referral_appointment_pk")),
        sa.ForeignKeyConstraint(["beneficiary_pk"], ["beneficiary.pk"], name=op.f("fk_referral_beneficiary_pk")),
        sa.ForeignKeyConstraint(["recipient_pk"], ["account.pk"], name=op.f("fk_referral_recipient_pk")),
        sa.ForeignKeyConstraint(["referrer_pk"], ["account.pk"], name=op.f("fk_referral_referrer_pk")),
        sa.ForeignKeyConstraint(["territory_pk"], ["territory.pk"], name=op.f("fk_referral_territory_pk")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_referral")),
        sa.UniqueConstraint("id", name=op.f("uq_referral_id")),
    )
    op.create_index(op.f("ix_referral_territory_pk"), "referral", ["territory_pk"], unique=False)
    _hold_the_law()
