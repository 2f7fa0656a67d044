"""How people come to an account: only an administrator makes one."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignup(DefaultAccountAdapter):
    """Nobody registers by himself."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
