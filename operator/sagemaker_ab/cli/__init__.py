"""The command line: commands at the edge, pure drawing in views."""
