"""The manager of logins."""

from typing import Any

from django.contrib.auth.models import BaseUserManager


class UserManager(BaseUserManager[Any]):
    """Creates logins for Django's own commands; people's logins are created at identification."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> Any:
        """Create a login; without a password it is usable only through identification."""
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user
