"""Decides the traffic weights: strategies and statistics as pure functions of spec, policy and counts."""
