"""Announcements on a message broker: CloudEvents on a topic exchange of RabbitMQ. It knows no database."""
