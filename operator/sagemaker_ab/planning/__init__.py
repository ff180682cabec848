"""What should happen, decided by pure functions over plain data.

`desired` says what AWS should hold, `observed` what it holds, `plan` what to do next, `status` what to tell.
"""
