"""The API's description, made from the declarations of its endpoints and from the schemas."""
