from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CrmConfig(AppConfig):
    """Who the county deals with: parks, people, organizations, dictionaries."""

    name = "crm"
    verbose_name = _("客商与组织")
    default_auto_field = "django.db.models.BigAutoField"
