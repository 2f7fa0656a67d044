"""The addresses of the pages about whom the county deals with, and of what it says."""

from django.urls import path

from crm.views import channels, deliveries, notice_settings, organizations

urlpatterns = [
    path("organizations/suggest/", organizations.suggest, name="organization_suggest"),
    path("notices/settings/", notice_settings.notice_settings_page, name="notice_settings"),
    path(
        "notices/settings/test/", notice_settings.notice_settings_test, name="notice_settings_test"
    ),
    path("notices/channels/", channels.channel_list, name="notice_channel_list"),
    path("notices/channels/<int:pk>/", channels.channel, name="notice_channel"),
    path("notices/channels/<int:pk>/test/", channels.channel_test, name="notice_channel_test"),
    path(
        "notices/channels/<int:pk>/switch/", channels.channel_switch, name="notice_channel_switch"
    ),
    path("notices/deliveries/", deliveries.delivery_list, name="delivery_list"),
    path("notices/deliveries/again/", deliveries.deliveries_again, name="deliveries_again"),
    path("notices/deliveries/<int:pk>/again/", deliveries.delivery_again, name="delivery_again"),
    path(
        "notices/deliveries/<int:pk>/arrived/", deliveries.delivery_arrived, name="delivery_arrived"
    ),
]
