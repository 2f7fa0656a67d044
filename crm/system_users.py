"""Who is written down where no person acts: users that nobody can log in as."""

from crm.models import Role, User


def system_user(username: str, full_name: str) -> User:
    """The system user of a name, made where there is none yet."""
    user, is_new = User.objects.get_or_create(
        username=username,
        defaults={"full_name": full_name, "role": Role.SYSTEM, "is_active": False},
    )
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user
