"""History is only added to, and a stage follows verified milestones, whoever writes."""

from django.db import migrations

from pipeline.guards import create_guards


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0001_initial")]

    operations = [create_guards()]
