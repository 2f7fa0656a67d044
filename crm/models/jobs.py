from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models.users import Role, User


def job_file_path(job: Job, filename: str) -> str:
    """Where a job's file is kept: under a name that nobody guesses, with its own ending."""
    ending = filename[filename.rfind(".") :][:8].lower() if "." in filename else ""
    return f"jobs/{uuid4().hex}{ending}"


class JobState(models.TextChoices):
    """Where a job stands. The last three are final."""

    QUEUED = "queued", _("排队中")
    RUNNING = "running", _("进行中")
    DONE = "done", _("已完成")
    FAILED = "failed", _("未完成")
    CANCELLED = "cancelled", _("已取消")


OPEN = (JobState.QUEUED, JobState.RUNNING)
STARTED = (JobState.RUNNING, JobState.DONE, JobState.FAILED)


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: User) -> JobQuerySet:
        """A person's own jobs; an administrator's are all."""
        return self if user.role == Role.ADMIN else self.filter(asked_by=user)

    def open(self) -> JobQuerySet:
        """Jobs that are waiting or being done."""
        return self.filter(state__in=OPEN)


class Job(models.Model):
    """Work that somebody asked for and a worker does: who, what, how far, what came of it.

    The row is the truth; a message in the broker only says that there is work. It is
    changed by the verbs of ``crm/jobs.py`` alone, each by comparing state and attempt, so
    that a message that is delivered twice, or a worker that was given up too early, does
    no harm.

    ``attempt`` counts the starts. ``sent_at`` is when a worker was last told of it, empty
    where the broker could not be reached. ``upload`` is what the job works on, ``download``
    a file that it made; both outside of everything that is served. ``key`` names the
    occasion of work that falls due by itself (``kind`` and day), which is done once. The
    progress columns hold what was last said when the attempt ended; while it runs, that
    stands in the cache (``crm/progress.py``).
    """

    kind = models.CharField(_("任务"), max_length=40)
    key = models.CharField(
        _("事由"),
        max_length=120,
        blank=True,
        help_text=_("定时任务的一次：同一次只做一回"),
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="jobs", verbose_name=_("提交人")
    )
    arguments = models.JSONField(_("参数"), default=dict, blank=True)
    upload = models.FileField(_("提交的文件"), upload_to=job_file_path, max_length=200, blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=JobState, default=JobState.QUEUED)
    attempt = models.PositiveSmallIntegerField(_("第几次"), default=0)
    progress_done = models.PositiveIntegerField(_("已处理"), default=0)
    progress_total = models.PositiveIntegerField(_("共计"), null=True, blank=True)
    progress_words = models.CharField(_("进展"), max_length=200, blank=True)
    result = models.JSONField(_("结果"), default=dict, blank=True)
    download = models.FileField(_("结果文件"), upload_to=job_file_path, max_length=200, blank=True)
    error = models.TextField(_("未完成的原因"), blank=True)
    error_code = models.CharField(_("代码"), max_length=40, blank=True)
    created_at = models.DateTimeField(_("提交时间"))
    sent_at = models.DateTimeField(_("派发时间"), null=True, blank=True)
    started_at = models.DateTimeField(_("开始时间"), null=True, blank=True)
    finished_at = models.DateTimeField(_("结束时间"), null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("后台任务")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["asked_by", "-id"], name="job_of_person"),
            models.Index(fields=["state", "id"], condition=Q(state__in=OPEN), name="job_open"),
        ]
        constraints = [
            models.UniqueConstraint(
                name="job_once_per_occasion",
                fields=["key"],
                condition=~Q(key=""),
                violation_error_message=_("这一次任务已经有了"),
            ),
            models.CheckConstraint(
                name="job_state_known",
                condition=Q(state__in=JobState.values),
                violation_error_message=_("没有这种任务状态"),
            ),
            models.CheckConstraint(
                name="job_started_when_under_way",
                condition=~Q(state__in=STARTED) | Q(started_at__isnull=False, attempt__gte=1),
                violation_error_message=_("进行过的任务要有开始时间"),
            ),
            models.CheckConstraint(
                name="job_finished_when_over",
                condition=Q(state__in=OPEN, finished_at__isnull=True)
                | (~Q(state__in=OPEN) & Q(finished_at__isnull=False)),
                violation_error_message=_("结束的任务要有结束时间，未结束的不能有"),
            ),
            models.CheckConstraint(
                name="job_failed_with_reason",
                condition=(Q(state=JobState.FAILED) & ~Q(error=""))
                | (~Q(state=JobState.FAILED) & Q(error="")),
                violation_error_message=_("未完成的任务必须写明原因"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether something is still to come of it."""
        return self.state in OPEN

    @property
    def is_waiting(self) -> bool:
        return self.state == JobState.QUEUED

    @property
    def is_running(self) -> bool:
        return self.state == JobState.RUNNING

    @property
    def reference(self) -> str:
        """What a person tells the administrator, who finds it in the log."""
        return f"{self.pk}-{self.attempt}"

    @property
    def upload_name(self) -> str:
        """The name that the handed-in file had."""
        return str(self.arguments.get("name", "") or self.upload.name or "")
