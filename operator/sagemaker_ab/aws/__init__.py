"""boto3 at one place: sessions and clients, error classes, reads, writes, CloudWatch."""
