"""Views of this app: each translates between the browser and one service call."""
