"""What people are told: mail and notifications."""
