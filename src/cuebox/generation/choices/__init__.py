"""From logits to tokens, texts and ranked, different answers; no clock, no I/O, no model."""
