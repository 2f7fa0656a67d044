from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PipelineConfig(AppConfig):
    """What the county tries to land: projects, milestones, figures, targets."""

    name = "pipeline"
    verbose_name = _("项目与指标")
    default_auto_field = "django.db.models.BigAutoField"
