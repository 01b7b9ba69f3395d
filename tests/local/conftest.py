"""A data folder and ports of its own for each test; whatever a test starts, it stops."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest
import pytest_asyncio
from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from local.folder import DataFolder
from local.ports import Ports
from tests.conftest import NewDatabase


@pytest.fixture
def folder() -> Iterator[DataFolder]:
    # pytest's own folders let nobody else pass, and PostgreSQL may run as somebody else.
    with TemporaryDirectory(prefix="kundresa-") as path:
        yield DataFolder.at(Path(path))


@pytest.fixture
def ports() -> Ports:
    return Ports.free()


@pytest_asyncio.fixture
async def existing_servers(new_database: NewDatabase, temporal_address: str, temporal_client: Client) -> dict[str, str]:
    """Variables that name a database and a Temporal namespace that are there already, used by nobody else."""
    namespace = f"shop-{uuid4().hex}"
    retention = Duration()
    retention.FromTimedelta(timedelta(days=1))
    request = RegisterNamespaceRequest(namespace=namespace, workflow_execution_retention_period=retention)
    await temporal_client.workflow_service.register_namespace(request)
    keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
    attributes = AddSearchAttributesRequest(
        namespace=namespace, search_attributes={"JourneyId": keyword, "JourneyStage": keyword}
    )
    async with asyncio.timeout(30):
        while not await _added(temporal_client, attributes):  # noqa: ASYNC110 - the server becomes ready
            await asyncio.sleep(0.1)
    return {
        "KUNDRESA_DATABASE_URL": await new_database(),
        "TEMPORAL_ADDRESS": temporal_address,
        "TEMPORAL_NAMESPACE": namespace,
    }


async def _added(client: Client, attributes: AddSearchAttributesRequest) -> bool:
    try:
        await client.operator_service.add_search_attributes(attributes)
    except RPCError:  # the server learns of a new namespace with a delay
        return False
    return True
