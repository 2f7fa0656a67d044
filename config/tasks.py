"""What the worker can be told: each one line around a verb, with the clock's time."""

from django.conf import settings
from django.utils import timezone

from config import brokerfile
from config.celery import app
from crm import jobs, schedule

jobs.declare_kinds()  # now, and not while somebody waits for the first job


@app.task(name="jobs.run")
def run(job_id: int) -> None:
    """Do a job."""
    jobs.run(job_id, clock=timezone.now)


@app.task(name="jobs.tick")
def tick() -> None:
    """Put back what dead workers left, and ask for what has fallen due; every minute."""
    now = timezone.now()
    jobs.sweep(at=now)
    schedule.due(at=now)
    if not settings.REDIS_URL:
        brokerfile.forget_delivered()
