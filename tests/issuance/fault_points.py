"""The fault points of each operation, in the order in which they are reached."""

PREPARE = ("prepare_after_build", "prepare_before_commit", "prepare_after_commit")
APPROVE = ("approve_before_commit", "approve_after_commit")
ISSUE = (
    "before_begin",
    "begin_before_commit",
    "after_begin",
    "before_signing",
    "after_signing",
    "journal_before_sync",
    "after_journal",
    "before_commit",
    "after_commit",
)
TAKE_OVER = (
    "take_over_after_fence",
    "take_over_after_adopting",
    "take_over_before_finish",
)
TAKE_OVER_LOST = (
    "take_over_after_fence",
    "take_over_after_giving_up",
    "take_over_after_lines",
    "take_over_before_finish",
)
