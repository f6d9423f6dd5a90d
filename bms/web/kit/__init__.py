"""What all pages share: sessions, forms, rendering, kept pages, languages, errors and static files."""
