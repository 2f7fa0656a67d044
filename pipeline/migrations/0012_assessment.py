from django.db import migrations, models

from pipeline.guards import create_guards, drop_guards


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0011_ledgers_and_assessment")]

    operations = [
        drop_guards(),
        migrations.AddField(
            model_name="scorescheme",
            name="is_example",
            field=models.BooleanField(
                default=False,
                help_text="随软件给出的样子，不是县里制定的办法",
                verbose_name="示例",
            ),
        ),
        migrations.AddIndex(
            model_name="scoreappeal",
            index=models.Index(fields=["level", "year", "measure"], name="score_appeal_of_level"),
        ),
        migrations.AddIndex(
            model_name="scoreappeal",
            index=models.Index(
                condition=models.Q(("answered_at__isnull", True)),
                fields=["id"],
                name="score_appeal_open",
            ),
        ),
        create_guards(),
    ]
