"""From T-SQL to what PostgreSQL runs: a stated subset, everything else refused."""
