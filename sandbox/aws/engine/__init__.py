"""The pure engine: what AWS remembers and what its operations do. No I/O; time comes from its clock."""
