"""The addresses of loading workbooks."""

from django.urls import path

from pipeline.views import imports

urlpatterns = [
    path("imports/new/", imports.new, name="import_new"),
    path("imports/new/<int:pk>/", imports.mapping, name="import_mapping"),
    path("imports/preview/<int:pk>/", imports.preview, name="import_preview"),
    path("imports/preview/<int:pk>/load/", imports.load, name="import_load"),
    path("imports/template/<slug:kind>.xlsx", imports.template, name="import_template"),
]
