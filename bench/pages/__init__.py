"""The pages of the site in Lighthouse: what ``script/lighthouse`` measures."""
