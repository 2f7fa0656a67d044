"""The addresses of the ledgers, their items and meetings."""

from django.urls import path

from pipeline.views import items, ledger_keeping, ledgers

urlpatterns = [
    path("ledgers/", ledgers.ledger_overview, name="ledger_overview"),
    path("ledgers/new/", items.item_new, name="item_new"),
    path("ledgers/items/", ledgers.item_list, name="item_list"),
    path("ledgers/items/export/", ledgers.item_export, name="item_export"),
    path("ledgers/items/bulk/", ledgers.item_bulk, name="item_bulk"),
    path("ledgers/items/<int:pk>/", items.item, name="item"),
    path("ledgers/items/<int:pk>/edit/", items.item_edit, name="item_edit"),
    path("ledgers/items/<int:pk>/child/", items.item_child, name="item_child"),
    path("ledgers/items/<int:pk>/<slug:verb>/", items.item_act, name="item_act"),
    path("ledgers/files/<int:pk>/", items.ledger_file, name="ledger_file"),
    path("ledgers/keep/", ledger_keeping.ledger_keep, name="ledger_keep"),
    path("ledgers/keep/<slug:slug>/", ledger_keeping.ledger_change, name="ledger_change"),
    path("ledgers/keep/<slug:slug>/close/", ledger_keeping.ledger_close, name="ledger_close"),
]

by_slug = [path("ledgers/<slug:slug>/", ledgers.ledger, name="ledger")]
"""After every other address below ``ledgers/``: a ledger's name is any word."""
