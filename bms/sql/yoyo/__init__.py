"""Migrations by yoyo, on both databases."""
