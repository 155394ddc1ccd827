"""The reviewers' console: the queue, the case, and one page or button for each action."""
