"""What should happen, decided by pure functions over plain data.

`desired` is what AWS should hold, `observed` what it holds, `plan` what to do next, `status` what to report.
"""
