"""The door: alert events, their sources, authentication, the way of an alert, replay."""
