"""Builds the API's OpenAPI document from the declared endpoints and the schemas."""
