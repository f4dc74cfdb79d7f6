"""What Jira and Slack say to us: read here, done by the services of `tickets`."""
