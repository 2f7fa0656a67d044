"""Names are found by any part of them, and by how they begin to sound."""

from django.db import migrations

from crm.pairs import FUNCTION, index_of_beginnings, index_of_pairs, on_postgresql


class Migration(migrations.Migration):
    dependencies = [("crm", "0003_officers_day")]

    operations = [
        on_postgresql(
            (FUNCTION, "DROP FUNCTION IF EXISTS groundbreak_bigrams(text)"),
            index_of_pairs("organization_name_pairs", "crm_organization", "name_key"),
            index_of_pairs("organization_initials_pairs", "crm_organization", "initials"),
            index_of_beginnings("organization_pinyin_begins", "crm_organization", "pinyin"),
            index_of_pairs("contact_name_pairs", "crm_contact", "name"),
            index_of_pairs("contact_phone_pairs", "crm_contact", "phone"),
            index_of_beginnings("contact_pinyin_begins", "crm_contact", "pinyin"),
        )
    ]
