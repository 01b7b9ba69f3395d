"""The connection to Temporal, told by the SDK's own environment variables."""

from temporalio.client import Client
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import CompositePayloadConverter, DataConverter
from temporalio.envconfig import ClientConfig

_LEARNED = PydanticPayloadConverter()


class _Converter(CompositePayloadConverter):
    """The SDK makes a converter for every run; here all of them share what was learned of our types.

    Learning them anew costs 5 ms a run, and memory for as long as the run is cached.
    """

    def __init__(self) -> None:
        super().__init__(*_LEARNED.converters.values())


data_converter = DataConverter(payload_converter_class=_Converter)


async def connect(*, lazy: bool = False) -> Client:
    """A client for the server that `TEMPORAL_ADDRESS` and its siblings name; `lazy` connects at the first call.

    Raises RuntimeError when the server cannot be reached.
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", "127.0.0.1:7233")
    return await Client.connect(**config, lazy=lazy, data_converter=data_converter)
