"""The Celery application: which broker, how messages are treated, what is due when.

``celery -A config.celery worker`` is a worker; ``celery -A config.celery beat`` is the clock,
which production needs once (without Redis the worker keeps the time as well). Why the
settings are what they are stands in docs/adr/0005-jobs.md. Nothing imports this module
before there is work to hand out: it takes half a second.
"""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_ready
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("groundbreak", include=["config.tasks"])
app.conf.update(
    timezone=settings.TIME_ZONE,
    task_default_queue="groundbreak",
    # The job's row is the result.
    task_ignore_result=True,
    # One message at a time, and done with only when the work is.
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    # A page waits for this: a broker that is away is given up soon, the row waits for it.
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0.2},
    broker_connection_retry_on_startup=True,
    # Beat only ticks: what is due stands in crm/schedule.py, what was done in the jobs' rows.
    beat_scheduler="celery.beat:Scheduler",
    beat_schedule={
        "tick": {"task": "jobs.tick", "schedule": 60.0, "options": {"expires": 60}},
    },
)

if settings.REDIS_URL:
    app.conf.update(
        broker_url=settings.REDIS_URL,
        broker_transport_options={
            # A message that its worker left comes back after this many seconds. Longer
            # work comes back as well, and is left alone: its row says that it is running.
            "visibility_timeout": 300,
            # Look for such messages at every round of 10 seconds, not at every tenth.
            "unacked_restore_throttle": 1,
            "socket_connect_timeout": 3,
        },
    )
else:
    settings.JOBS_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    app.conf.update(
        broker_url=f"sqla+sqlite:///{settings.JOBS_DIR / 'broker.sqlite3'}",
        broker_transport_options={"connect_args": {"timeout": 20}},
        # One process: a forked one would inherit the parent's connection to the file.
        worker_pool="solo",
        # The file carries messages to one worker, not to all of them.
        worker_enable_remote_control=False,
    )


@setup_logging.connect
def leave_logging_alone(**_said: Any) -> None:
    """Django's settings have set it up already."""


@worker_ready.connect
def keep_time(**_said: Any) -> None:
    """Without Redis there is one worker: it keeps the time too, in a thread that ends with it."""
    if not settings.REDIS_URL:
        from celery.beat import EmbeddedService

        EmbeddedService(app, thread=True, scheduler_cls=app.conf.beat_scheduler).start()


def send(job_id: int) -> None:
    """Tell the workers that there is a job. Raises what the broker raises."""
    app.send_task("jobs.run", args=[job_id])
