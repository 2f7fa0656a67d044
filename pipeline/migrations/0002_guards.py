"""What the tables refuse beyond constraints, on both databases.

- A project's stage is the one that its last StageChange names, and a lead without any:
  no shell helper, admin action or bulk update walks around the gates.
- Milestones, receipts, stage and status changes are history: no row is deleted, and of a
  milestone only the columns of a step not taken yet are filled in.
"""

from django.db import migrations

STAGE_MESSAGE = "stage follows verified milestones only"
HISTORY_MESSAGE = "history is only added to"
APPEND_ONLY = (
    "pipeline_milestone",
    "pipeline_milestoneshare",
    "pipeline_fundsreceipt",
    "pipeline_stagechange",
    "pipeline_statuschange",
    "pipeline_attribution",
    "pipeline_attributionshare",
    "pipeline_target",
    "pipeline_countysettings",
)
# What a claim says, which never changes. Its dimensions are fixed when it is verified.
CLAIMED = (
    "project_id kind contract_kind expansion_id occurred_on precision amount_fen note "
    "corrects_id is_historical load_row_id override_reason waived claimed_at claimed_by_id"
).split()
DECIDED = (
    "verified_at verified_by_id returned_at returned_by_id return_reason not_before park_id "
    "channel_id industry_id officer_id fund_source local_investor"
).split()
REVOKED = "revoked_at revoked_by_id revoke_reason".split()
RECEIVED = (
    "project_id received_on precision amount_fen note is_historical load_row_id document_id "
    "recorded_at recorded_by_id"
).split()


def changed(columns, differs):
    return " OR ".join(f"OLD.{c} {differs} NEW.{c}" for c in columns)


def rules(differs):
    """(name, table, event, condition, message): the same conditions for both databases."""
    return [
        (
            "stage_explained_insert",
            "pipeline_project",
            "INSERT",
            "NEW.stage <> 'lead'",
            STAGE_MESSAGE,
        ),
        (
            "stage_explained_update",
            "pipeline_project",
            "UPDATE OF stage",
            "OLD.stage <> NEW.stage AND NEW.stage <> COALESCE((SELECT to_stage FROM "
            "pipeline_stagechange WHERE project_id = NEW.id ORDER BY id DESC LIMIT 1), 'lead')",
            STAGE_MESSAGE,
        ),
        (
            "milestone_history",
            "pipeline_milestone",
            "UPDATE",
            f"{changed(CLAIMED, differs)}"
            " OR ((OLD.verified_at IS NOT NULL OR OLD.returned_at IS NOT NULL)"
            f" AND ({changed(DECIDED, differs)}))"
            f" OR (OLD.revoked_at IS NOT NULL AND ({changed(REVOKED, differs)}))",
            HISTORY_MESSAGE,
        ),
        (
            "funds_receipt_history",
            "pipeline_fundsreceipt",
            "UPDATE",
            f"{changed(RECEIVED, differs)}"
            f" OR (OLD.verified_at IS NOT NULL AND (OLD.verified_at {differs} NEW.verified_at"
            f" OR OLD.verified_by_id {differs} NEW.verified_by_id"
            f" OR OLD.park_id {differs} NEW.park_id))",
            HISTORY_MESSAGE,
        ),
        *((f"{t}_kept", t, "DELETE", "1 = 1", HISTORY_MESSAGE) for t in APPEND_ONLY),
        *(
            (f"{t}_fixed", t, "UPDATE", "1 = 1", HISTORY_MESSAGE)
            for t in APPEND_ONLY
            if t not in ("pipeline_milestone", "pipeline_fundsreceipt")
        ),
    ]


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name, table, event, condition, message in rules("IS NOT"):
            schema_editor.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            )
        return
    for name, table, event, condition, message in rules("IS DISTINCT FROM"):
        when = "" if condition == "1 = 1" or "SELECT" in condition else f"WHEN ({condition})"
        body = f"IF {condition} THEN RAISE EXCEPTION '{message}' USING ERRCODE = '23514'; END IF;"
        schema_editor.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$BEGIN {body} RETURN COALESCE(NEW, OLD); END$$"
        )
        schema_editor.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
            f"FOR EACH ROW {when} EXECUTE FUNCTION {name}()"
        )


def drop(apps, schema_editor):
    sqlite = schema_editor.connection.vendor == "sqlite"
    for name, table, *_rest in rules("IS NOT"):
        schema_editor.execute(
            f"DROP TRIGGER {name}" if sqlite else f"DROP FUNCTION {name}() CASCADE"
        )


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0001_initial")]

    operations = [migrations.RunPython(create, drop)]
