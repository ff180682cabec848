"""CloudWatch Logs: what the containers of endpoints write, and how it is read."""
