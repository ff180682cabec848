"""What the served traffic leaves behind: minutes of datapoints per endpoint and variant."""
