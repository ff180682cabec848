"""The safety rules S1 to S10, one module each; a rule's docstring lists what it exempts."""
