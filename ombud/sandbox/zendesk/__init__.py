"""A Zendesk Support that speaks the vendor's wire format over a world of its own."""
