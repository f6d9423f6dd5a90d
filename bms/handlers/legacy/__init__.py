"""Thin adapters for older call shapes that differ in more than a path or a name.

Shapes that differ in nothing else stand beside the canonical endpoint.
"""
