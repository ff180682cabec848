"""The command line: one module for each command; `views` renders without I/O."""
