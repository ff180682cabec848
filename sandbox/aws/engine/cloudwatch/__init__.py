"""CloudWatch, as far as endpoints and their autoscaling are concerned."""
