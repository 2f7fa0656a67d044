"""The addresses of the verifier's desk."""

from django.urls import path

from pipeline.views import evidence, verification, verification_acts

urlpatterns = [
    path("verification/", verification.queue, name="verification"),
    path("verification/recent/", verification.recent, name="verification_recent"),
    path("verification/together/", verification_acts.together, name="verification_together"),
    path("verification/<int:pk>/", verification.claim, name="verification_claim"),
    path("verification/<int:pk>/verify/", verification_acts.verify, name="verification_verify"),
    path("verification/<int:pk>/return/", verification_acts.return_, name="verification_return"),
    path("verification/<int:pk>/revoke/", verification_acts.revoke, name="verification_revoke"),
    path("verification/<int:pk>/correct/", verification_acts.correct, name="verification_correct"),
    path("verification/receipts/<int:pk>/", verification.receipt, name="verification_receipt"),
    path(
        "verification/receipts/<int:pk>/verify/",
        verification_acts.verify_receipt,
        name="verification_receipt_verify",
    ),
    path(
        "verification/receipts/<int:pk>/question/",
        verification_acts.question_receipt,
        name="verification_receipt_question",
    ),
    path("documents/<int:pk>/view/", evidence.document_view, name="document_view"),
]
