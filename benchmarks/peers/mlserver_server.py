"""MLServer custom runtime: V2 protocol, one BYTES input "text", one FP32 output "embedding".

`mlserver start FOLDER` with a model-settings.json that names `mlserver_server.Embedder`.
"""

from encoder import open_encoder
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Embedder(MLModel):
    """Texts in, one embedding per text out; MLServer's adaptive batching stacks the rows."""

    async def load(self) -> bool:
        """Load the encoder in the process that will run it."""
        self._encoder = open_encoder()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Embed every text of the request."""
        texts = StringCodec.decode_input(payload.inputs[0])
        output = NumpyCodec.encode_output("embedding", self._encoder.encode(texts))
        return InferenceResponse(model_name=self.name, outputs=[output])
