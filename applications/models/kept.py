"""SQL conditions for `Kept`: when the row OLD of an order's table may be erased or deleted."""

OF_ERASED_ORDER = (
    "EXISTS (SELECT FROM applications_application"
    " WHERE id = OLD.application_id AND erased_at IS NOT NULL)"
)
OF_ORDER_NEVER_SENT = (
    "NOT EXISTS (SELECT FROM applications_submission WHERE application_id = OLD.application_id)"
)
