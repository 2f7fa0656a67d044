"""The addresses of meetings, follow-ups, the calendar and notices."""

from django.urls import path

from crm.views import notices
from pipeline.views import calendar, follow_ups, interactions, my_day

urlpatterns = [
    path("", my_day.home, name="home"),
    path("interactions/", interactions.interaction_list, name="interaction_list"),
    path("interactions/new/", interactions.capture, name="capture"),
    path("interactions/<int:pk>/", interactions.interaction, name="interaction"),
    path(
        "interactions/<int:pk>/photos/<int:photo>/",
        interactions.interaction_photo,
        name="interaction_photo",
    ),
    path("follow-ups/", follow_ups.follow_up_list, name="follow_up_list"),
    path("follow-ups/new/", follow_ups.follow_up_new, name="follow_up_new"),
    path("follow-ups/<int:pk>/", follow_ups.follow_up, name="follow_up"),
    path("follow-ups/<int:pk>/done/", follow_ups.follow_up_done, name="follow_up_done"),
    path("follow-ups/<int:pk>/reopen/", follow_ups.follow_up_reopen, name="follow_up_reopen"),
    path("follow-ups/<int:pk>/move/", follow_ups.follow_up_move, name="follow_up_move"),
    path(
        "follow-ups/<int:pk>/hand-over/", follow_ups.follow_up_hand_over, name="follow_up_hand_over"
    ),
    path("follow-ups/<int:pk>/give-up/", follow_ups.follow_up_give_up, name="follow_up_give_up"),
    path("calendar/", calendar.month, name="calendar"),
    path("calendar/link/", calendar.link, name="calendar_link"),
    path("calendar/link/renew/", calendar.link_renew, name="calendar_link_renew"),
    path("calendar/link/remove/", calendar.link_remove, name="calendar_link_remove"),
    path("calendar/<str:token>.ics", calendar.feed, name="calendar_feed"),
    path("my-day/", my_day.my_day, name="my_day"),
    path("my-day/<slug:block>/", my_day.block, name="my_day_block"),
    path("notices/", notices.notice_list, name="notice_list"),
    path("notices/read/", notices.notices_read, name="notices_read"),
    path("notices/<int:pk>/", notices.notice, name="notice"),
]
