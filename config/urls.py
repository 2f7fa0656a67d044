"""Every address of the site, by the app that answers it."""

from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from config import health
from crm.admin_site import site

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("language/", login_not_required(set_language), name="set_language"),
    path("accounts/", include("allauth.urls")),
    path("admin/", site.urls),
    path("", include("crm.urls")),
    path("", include("crm.urls_jobs")),
    path("", include("pipeline.urls")),
]
