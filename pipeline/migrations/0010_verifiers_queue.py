"""What waits for a verifier, and what was decided lately, are found without a scan."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('crm', '0004_search'),
        ('pipeline', '0009_board_order'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='fundsreceipt',
            index=models.Index(condition=models.Q(('verified_at__isnull', True)), fields=['recorded_at', 'id'], name='funds_receipt_open'),
        ),
        migrations.AddIndex(
            model_name='milestone',
            index=models.Index(condition=models.Q(('returned_at__isnull', True), ('verified_at__isnull', True)), fields=['claimed_at', 'id'], include=('kind', 'project'), name='milestone_open'),
        ),
        migrations.AddIndex(
            model_name='milestone',
            index=models.Index(condition=models.Q(('is_historical', False), ('verified_at__isnull', False)), fields=['-verified_at', '-id'], name='milestone_verified_lately'),
        ),
        migrations.AddIndex(
            model_name='milestone',
            index=models.Index(condition=models.Q(('returned_at__isnull', False)), fields=['-returned_at', '-id'], name='milestone_returned_lately'),
        ),
        migrations.AddIndex(
            model_name='milestone',
            index=models.Index(condition=models.Q(('revoked_at__isnull', False)), fields=['-revoked_at', '-id'], name='milestone_revoked_lately'),
        ),
    ]
