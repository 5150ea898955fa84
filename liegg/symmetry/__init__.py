"""Which symmetries a function has: its polarization matrix, and what follows from that.

polarization → stream, factors → find, rules, intervals → result; then finite, identify, naming.
"""
