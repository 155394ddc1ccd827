"""Pages of this app: they translate between the browser and one service call."""
