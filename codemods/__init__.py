"""Rewriting of Python code from secrets to assertions; knows no tenant and is usable alone."""
