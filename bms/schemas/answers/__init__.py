"""What is answered, as schemas: for the API's description, and for the tests to hold answers against."""
