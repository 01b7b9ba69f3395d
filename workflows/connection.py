"""The connection to Temporal, told by the SDK's own environment variables."""

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig


async def connect(*, lazy: bool = False) -> Client:
    """A client for the server that `TEMPORAL_ADDRESS` and its siblings name; `lazy` connects at the first call.

    Raises RuntimeError when the server cannot be reached.
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", "127.0.0.1:7233")
    return await Client.connect(**config, lazy=lazy, data_converter=pydantic_data_converter)
