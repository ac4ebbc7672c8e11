"""Flask behind gunicorn: POST /embed {"text": ...} -> {"embedding": [...]}.

`gunicorn flask_server:app`, each worker with a model of its own, as the blog posts show.
"""

from encoder import open_encoder
from flask import Flask, Response, jsonify, request

app = Flask(__name__)
encoder = open_encoder()


@app.post("/embed")
def embed() -> Response:
    """Embed the text of the body."""
    vector = encoder.encode([request.get_json()["text"]])[0]
    return jsonify(embedding=vector.tolist())


@app.get("/health")
def health() -> Response:
    """Say that this worker has its model."""
    return jsonify(ready=True)
