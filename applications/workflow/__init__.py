"""The workflow of an order as data: statuses, actions, their consequences, the promised day."""

from applications.workflow.event_names import ApplicationEvent, event_of
from applications.workflow.table import (
    ENDED,
    LINKED,
    OPEN_CASES,
    STAGES,
    TRANSITIONS,
    TURN,
    Action,
    Role,
    Status,
    actions,
    may,
    sole_role,
)
