"""Application Auto Scaling of production variants: targets, policies, alarms and what they do."""
