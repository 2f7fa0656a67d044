"""Keeping a secret in the database so that a copy of the database alone does not tell it.

Encrypted by a key that is made from ``SECRET_KEY``; what was sealed with an older key is
still read while that key stands in ``SECRET_KEY_FALLBACKS``.
"""

from __future__ import annotations

import base64
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

PURPOSE = b"groundbreak.sealed.1:"


class Unreadable(Exception):
    """What was sealed cannot be read: ``SECRET_KEY`` is another one now."""


def seal(text: str) -> str:
    """The text, readable only with this site's key."""
    return _keys().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed. Raises :class:`Unreadable`."""
    try:
        return _keys().decrypt(sealed).decode()
    except InvalidToken as error:
        raise Unreadable from error


def _keys() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [sha256(PURPOSE + secret.encode()).digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
