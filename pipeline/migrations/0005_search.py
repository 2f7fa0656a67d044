"""Projects and meetings are found by any part of their words."""

from django.db import migrations

from crm.pairs import index_of_beginnings, index_of_pairs, on_postgresql


class Migration(migrations.Migration):
    dependencies = [("crm", "0004_search"), ("pipeline", "0004_officers_day")]

    operations = [
        on_postgresql(
            index_of_pairs("project_name_pairs", "pipeline_project", "name_key"),
            index_of_pairs("project_initials_pairs", "pipeline_project", "initials"),
            index_of_beginnings("project_pinyin_begins", "pipeline_project", "pinyin"),
            index_of_pairs("interaction_summary_pairs", "pipeline_interaction", "lower(summary)"),
        )
    ]
