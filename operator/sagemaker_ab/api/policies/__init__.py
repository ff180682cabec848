"""Traffic policies: how Stepped, ABTest and Bandit are asked for, as the resource will take them."""
