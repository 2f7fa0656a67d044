"""The addresses of the pages about whom the county deals with."""

from django.urls import path

from crm.views import organizations

urlpatterns = [
    path("organizations/suggest/", organizations.suggest, name="organization_suggest"),
]
