"""What the tables refuse beyond constraints: triggers, on both databases.

- A stage change names an effective milestone that is enough for it, and a project's stage
  is the one that its last change names: no shell helper, admin action or bulk update walks
  around the gates.
- Milestones, receipts, stage and status changes, attributions, targets and settings are
  history: no row is deleted, and of a milestone or receipt only the columns of a step that
  was not taken yet are filled in.
- A frozen report stays as it went out, and so does a filed analysis of an area.
- A closed item of a ledger is final; a step of pressing that was decided stays decided,
  and an appeal that was answered stays answered.
- The progress of an expansion belongs to an expansion contract of the same project.

SQLite loses the triggers of a table that a migration remakes, and refuses to remake one
that another table's trigger reads. So a migration that alters a guarded table says
``operations = [drop_guards(), …, create_guards()]``; the guards then fit the columns that
there are by then. ``tests/pipeline/test_guards.py`` fails where one was forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import migrations

STAGE_MESSAGE = "stage follows verified milestones only"
HISTORY_MESSAGE = "history is only added to"
EXPANSION_MESSAGE = "progress belongs to an expansion contract of its own project"

NEVER_DELETED = (
    "pipeline_milestone",
    "pipeline_milestoneshare",
    "pipeline_fundsreceipt",
    "pipeline_fundsshare",
    "pipeline_stagechange",
    "pipeline_statuschange",
    "pipeline_attribution",
    "pipeline_attributionshare",
    "pipeline_target",
    "pipeline_countysettings",
    "pipeline_document",
    "pipeline_reportopening",
    "pipeline_itemevent",
    "pipeline_ledgeritem",
    "pipeline_ledgerfile",
    "pipeline_escalation",
    "pipeline_leadstep",
    "pipeline_monthlyprogress",
    "pipeline_scorescheme",
    "pipeline_indicator",
    "pipeline_falsehood",
    "pipeline_scoreappeal",
)
NEVER_CHANGED = tuple(
    table
    for table in NEVER_DELETED
    if table
    not in (
        "pipeline_milestone",
        "pipeline_fundsreceipt",
        "pipeline_document",
        "pipeline_ledgeritem",
        "pipeline_escalation",
        "pipeline_scoreappeal",
    )
)
# What a claim says, which never changes; a contract's amount too.
CLAIMED = [
    "project_id",
    "kind",
    "contract_kind",
    "expansion_id",
    "occurred_on",
    "precision",
    "note",
    "corrects_id",
    "is_historical",
    "load_row_id",
    "override_reason",
    "waived",
    "claimed_at",
    "claimed_by_id",
]
# What is fixed when the claim is decided: what figures group and narrow it by among them.
DIMENSIONS = ["park_id", "channel_id", "industry_id", "officer_id", "fund_source", "local_investor"]
DECIDED = [
    "verified_at",
    "verified_by_id",
    "returned_at",
    "returned_by_id",
    "return_reason",
    "not_before",
    "amount_fen",
    *DIMENSIONS,
]
REVOKED = ["revoked_at", "revoked_by_id", "revoke_reason"]
RECEIVED = [
    "project_id",
    "received_on",
    "precision",
    "amount_fen",
    "note",
    "is_historical",
    "load_row_id",
    "document_id",
    "recorded_at",
    "recorded_by_id",
]
RECEIPT_DECIDED = ["verified_at", "verified_by_id", *DIMENSIONS]
FILED = [
    "project_id",
    "kind",
    "name",
    "file",
    "media_type",
    "size",
    "sha256",
    "uploaded_at",
    "uploaded_by_id",
]

FROZEN = "OLD.state = 'frozen'"
FILED_REVIEW = "OLD.state = 'filed'"
CLOSED_ITEM = "OLD.state IN ('closed', 'withdrawn')"
# What a step of pressing says, which never changes; and how it was decided.
TRIGGERED = ["item_id", "level", "node", "clock_due_on", "triggered_on", "recorded_at"]
PRESSED = ["state", "decided_at", "decided_by_id", "decision", "deadline"]
# What an appeal says, which never changes; and how it was answered.
APPEALED = [
    *("level", "park_id", "unit_id", "officer_id", "year", "as_of", "measure", "text"),
    *("appealed_at", "appealed_by_id"),
]
ANSWERED = ["is_granted", "points_hundredths", "answer", "answered_at", "answered_by_id"]

LAST_STAGE = (
    "COALESCE((SELECT to_stage FROM pipeline_stagechange WHERE project_id = NEW.id"
    " ORDER BY id DESC LIMIT 1), 'lead')"
)
# The stage table of pipeline/stages.py, as the database knows it. Not "expansion_id IS NULL":
# before it has statistics, PostgreSQL takes that for rare and walks through all milestones by
# the index on it, for every row.
REACHED = (
    "EXISTS (SELECT 1 FROM pipeline_milestone m WHERE m.project_id = NEW.project_id"
    " AND m.verified_at IS NOT NULL AND m.revoked_at IS NULL"
    " AND COALESCE(m.expansion_id, 0) = 0 AND CASE NEW.to_stage"
    " WHEN 'contact' THEN m.kind = 'contact' OR m.contract_kind = 'framework'"
    " WHEN 'signed' THEN m.kind = 'signing' AND m.contract_kind <> 'framework'"
    " WHEN 'started' THEN m.kind = 'groundbreaking'"
    " ELSE m.kind = 'production' END)"
)
SAME_PROJECT = (
    "NEW.project_id = (SELECT project_id FROM pipeline_milestone WHERE id = NEW.milestone_id)"
)
EXPANDS = (
    "EXISTS (SELECT 1 FROM pipeline_milestone e WHERE e.id = NEW.expansion_id"
    " AND e.project_id = NEW.project_id AND e.contract_kind = 'expansion')"
)


@dataclass(frozen=True, slots=True)
class Guard:
    """A trigger: on ``event`` of ``table``, refuse a row for which ``condition`` holds."""

    name: str
    table: str
    event: str
    condition: str
    message: str


def guards(connection: Any) -> list[Guard]:
    """The guards that fit the tables and columns of a database as they are now."""
    differs = "IS NOT" if connection.vendor == "sqlite" else "IS DISTINCT FROM"
    columns = _columns(connection)

    def changed(table: str, names: Iterable[str]) -> str:
        there = [name for name in names if name in columns[table]]
        return "(" + " OR ".join(f"OLD.{c} {differs} NEW.{c}" for c in there) + ")"

    milestone, receipt, document, report = (
        "pipeline_milestone",
        "pipeline_fundsreceipt",
        "pipeline_document",
        "pipeline_report",
    )
    review, item, escalation, appeal = (
        "pipeline_areareview",
        "pipeline_ledgeritem",
        "pipeline_escalation",
        "pipeline_scoreappeal",
    )
    contract_amount = f"OLD.contract_kind <> '' AND {changed(milestone, ['amount_fen'])}"
    return [
        Guard(
            "stage_explained_insert",
            "pipeline_project",
            "INSERT",
            "NEW.stage <> 'lead'",
            STAGE_MESSAGE,
        ),
        Guard(
            "stage_explained_update",
            "pipeline_project",
            "UPDATE OF stage",
            f"OLD.stage <> NEW.stage AND NEW.stage <> {LAST_STAGE}",
            STAGE_MESSAGE,
        ),
        Guard(
            "stage_change_reached",
            "pipeline_stagechange",
            "INSERT",
            f"NOT {SAME_PROJECT} OR (NEW.to_stage <> 'lead' AND NOT {REACHED})",
            STAGE_MESSAGE,
        ),
        Guard(
            "milestone_expansion_of_project",
            milestone,
            "INSERT",
            f"NEW.expansion_id IS NOT NULL AND NOT {EXPANDS}",
            EXPANSION_MESSAGE,
        ),
        Guard(
            "milestone_history",
            milestone,
            "UPDATE",
            f"{changed(milestone, CLAIMED)} OR ({contract_amount})"
            " OR ((OLD.verified_at IS NOT NULL OR OLD.returned_at IS NOT NULL)"
            f" AND {changed(milestone, DECIDED)})"
            f" OR (OLD.revoked_at IS NOT NULL AND {changed(milestone, REVOKED)})",
            HISTORY_MESSAGE,
        ),
        Guard(
            "funds_receipt_history",
            receipt,
            "UPDATE",
            f"{changed(receipt, RECEIVED)}"
            f" OR (OLD.verified_at IS NOT NULL AND {changed(receipt, RECEIPT_DECIDED)})",
            HISTORY_MESSAGE,
        ),
        *(
            Guard(f"report_frozen_{event.lower()}", report, event, FROZEN, HISTORY_MESSAGE)
            for event in ("UPDATE", "DELETE")
            if report in columns
        ),
        *(
            Guard(
                f"area_review_filed_{event.lower()}", review, event, FILED_REVIEW, HISTORY_MESSAGE
            )
            for event in ("UPDATE", "DELETE")
            if review in columns
        ),
        *(
            Guard("ledger_item_final", item, "UPDATE", CLOSED_ITEM, HISTORY_MESSAGE)
            for _ in (1,)
            if item in columns
        ),
        *(
            Guard(
                "escalation_history",
                escalation,
                "UPDATE",
                f"{changed(escalation, TRIGGERED)}"
                f" OR (OLD.state <> 'proposed' AND {changed(escalation, PRESSED)})",
                HISTORY_MESSAGE,
            )
            for _ in (1,)
            if escalation in columns
        ),
        *(
            Guard(
                "score_appeal_history",
                appeal,
                "UPDATE",
                f"{changed(appeal, APPEALED)}"
                f" OR (OLD.answered_at IS NOT NULL AND {changed(appeal, ANSWERED)})",
                HISTORY_MESSAGE,
            )
            for _ in (1,)
            if appeal in columns
        ),
        Guard("document_history", document, "UPDATE", changed(document, FILED), HISTORY_MESSAGE),
        *(
            Guard(f"{table}_kept", table, "DELETE", "1 = 1", HISTORY_MESSAGE)
            for table in NEVER_DELETED
            if table in columns
        ),
        *(
            Guard(f"{table}_fixed", table, "UPDATE", "1 = 1", HISTORY_MESSAGE)
            for table in NEVER_CHANGED
            if table in columns
        ),
    ]


def installed(connection: Any) -> set[str]:
    """The names of the triggers that a database has."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            if connection.vendor == "sqlite"
            else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        )
        return {name for (name,) in cursor.fetchall()}


def create(apps: Any, schema_editor: Any) -> None:
    """Put up every guard; those that stand are replaced."""
    drop(apps, schema_editor)
    sqlite = schema_editor.connection.vendor == "sqlite"
    for guard in guards(schema_editor.connection):
        schema_editor.execute(_sqlite(guard) if sqlite else _postgres(guard))


def drop(apps: Any, schema_editor: Any) -> None:
    """Take down every guard that stands."""
    sqlite = schema_editor.connection.vendor == "sqlite"
    for guard in guards(schema_editor.connection):
        schema_editor.execute(
            f"DROP TRIGGER IF EXISTS {guard.name}"
            if sqlite
            else f"DROP FUNCTION IF EXISTS {guard.name}() CASCADE"
        )


def create_guards() -> migrations.RunPython:
    """The last operation of a migration that alters a guarded table."""
    return migrations.RunPython(create, drop)


def drop_guards() -> migrations.RunPython:
    """The first operation of a migration that alters a guarded table."""
    return migrations.RunPython(drop, create)


def _columns(connection: Any) -> dict[str, set[str]]:
    """The column names of each of our tables."""
    with connection.cursor() as cursor:
        tables = [
            table
            for table in connection.introspection.table_names(cursor)
            if table.startswith("pipeline_")
        ]
        return {table: _columns_of(table, connection, cursor) for table in tables}


def _columns_of(table: str, connection: Any, cursor: Any) -> set[str]:
    if connection.vendor == "sqlite":
        # Django's own way reads the table's SQL, and stumbles over a long CHECK.
        cursor.execute("SELECT name FROM pragma_table_info(%s)", [table])
        return {name for (name,) in cursor.fetchall()}
    described = connection.introspection.get_table_description(cursor, table)
    return {column.name for column in described}


def _sqlite(guard: Guard) -> str:
    return (
        f"CREATE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table} "
        f"WHEN {guard.condition} BEGIN SELECT RAISE(ABORT, '{guard.message}'); END"
    )


def _postgres(guard: Guard) -> str:
    # A trigger's WHEN may not hold a subquery; the function then asks itself.
    when = "" if "SELECT" in guard.condition else f"WHEN ({guard.condition})"
    return f"""
        CREATE FUNCTION {guard.name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF {guard.condition if not when else "true"} THEN
                RAISE EXCEPTION '{guard.message}' USING ERRCODE = '23514';
            END IF;
            RETURN COALESCE(NEW, OLD);
        END $$;
        CREATE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table}
        FOR EACH ROW {when} EXECUTE FUNCTION {guard.name}()
    """
