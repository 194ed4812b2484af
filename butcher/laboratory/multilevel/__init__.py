"""Multi-level training: few blocks of a long step first, then twice as many of half the step.

Chang, Meng, Haber, Tung, Begert (2018), arXiv:1710.10348.
"""
