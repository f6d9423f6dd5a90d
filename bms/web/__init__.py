"""The site: pages for people with a browser, over the same commands and queries as the API."""
