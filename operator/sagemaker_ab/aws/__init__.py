"""All use of boto3: sessions, clients, error classification, reads, writes and CloudWatch."""
