"""Mutation testing: change one expression of the code at a time and check that a test fails.

mutmut makes the mutants and runs the tests. This package chooses a sample of them, keeps mutmut away from the
working tree, and reports. mutmut does not change module-level code, nor functions with a decorator other than
``staticmethod`` and ``classmethod``. Functions that a module calls while it is imported are left out.
"""
