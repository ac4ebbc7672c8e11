"""Sessions and tokenizers on onnxruntime and tokenizers."""
