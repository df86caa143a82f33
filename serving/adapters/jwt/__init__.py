"""Tokens of identity providers, over PyJWT."""
