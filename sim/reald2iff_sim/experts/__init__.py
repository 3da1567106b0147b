"""Scripted experts, which act on observations alone and so run on every backend."""
