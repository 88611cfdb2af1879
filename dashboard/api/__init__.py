"""The REST interface: where organisations send what their border posts count (docs/sending-data.md)."""
