"""From expected people to needs, capacity and gap."""
