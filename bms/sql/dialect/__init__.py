"""Translates the accepted subset of T-SQL to PostgreSQL and refuses everything else."""
