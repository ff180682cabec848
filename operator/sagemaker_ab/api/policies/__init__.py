"""The traffic policies Stepped, ABTest and Bandit, as the field `traffic` of the resource will have them."""
