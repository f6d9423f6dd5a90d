DROP TABLE refunds;
DROP TABLE payments;
DROP TABLE tickets;
DROP TABLE booking_lines;
DROP TABLE bookings;
