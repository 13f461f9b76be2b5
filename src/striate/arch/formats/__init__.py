"""Languages for networks: text in, `Network` out, and back."""
