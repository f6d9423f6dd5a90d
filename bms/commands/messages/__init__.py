"""Writes mails to the outbox and notifications to the app, for buyers, holders and users."""
