"""The ground floor: what every room uses, and nothing here knows pictures or networks."""
