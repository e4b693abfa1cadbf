"""Continuing-education administration without a screen: policy, people, ledger, workflow, cards.

Imports go down only; nothing in here knows Streamlit, reads a clock or commits on its own (see README, "The house").
"""
