"""The addresses of the board, saved views, bulk acts and exports."""

from django.urls import path

from pipeline.views import board, bulk, project_list, saved_views

urlpatterns = [
    path("board/", board.board, name="board"),
    path("board/<slug:stage>/", board.column, name="board_column"),
    path("board/<int:pk>/gate/", board.gate, name="board_gate"),
    path("projects/", project_list.project_list, name="project_list"),
    path("projects/export/", project_list.project_export, name="project_export"),
    path("projects/bulk/", bulk.project_bulk, name="project_bulk"),
    path("projects/bulk/<int:pk>/undo/", bulk.project_bulk_undo, name="project_bulk_undo"),
    path("projects/views/", saved_views.view_list, name="view_list"),
    path("projects/views/<int:pk>/", saved_views.view_change, name="view_change"),
    path("projects/views/<int:pk>/delete/", saved_views.view_delete, name="view_delete"),
]
