"""Creates, changes, completes and cancels events. Also writes venues, categories and reviews."""
