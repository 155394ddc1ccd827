"""The manager of logins."""

from typing import Any

from django.contrib.auth.models import BaseUserManager


class UserManager(BaseUserManager[Any]):
    """Makes logins for Django's own commands; people's logins come from identification."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> Any:
        """Create a login; without a password it can only be used through identification."""
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> Any:
        """Create a login with every right in the settings admin."""
        return self.create_user(username, password, is_staff=True, is_superuser=True, **fields)
