"""What the parts are told: what is given wins, options win over variables, and a Temporal elsewhere is left alone."""

import os
from pathlib import Path

import pytest

from local.environment import elsewhere, environment
from local.errors import TemporalConfigError
from local.folder import DataFolder
from local.ports import HOST, Ports

PORTS = Ports(api=1, ui=2, temporal=3, mailbox=4, smtp=5, postgres=6, metrics=7)
NO_FILE = {"TEMPORAL_CONFIG_FILE": os.devnull}
FILE = """
[profile.default]
namespace = "shop"
api_key = "geheim"

[profile.cloud]
address = "cloud.example:7233"
namespace = "eu"
"""


@pytest.fixture
def config_file(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "temporal.toml").write_text(FILE)
    return {"TEMPORAL_CONFIG_FILE": str(tmp_path / "temporal.toml")}


def temporal_variables(told: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in told.items() if name.startswith("TEMPORAL_")}


def test_a_port_that_was_chosen_wins_over_its_variable_and_no_port_variable_reaches_the_parts(
    folder: DataFolder,
) -> None:
    given = NO_FILE | {"KUNDRESA_METRICS_PORT": "19999", "KUNDRESA_API_PORT": "18400", "KUNDRESA_SMTP_PORT": "12525"}
    told = environment(PORTS, folder, given)
    assert {name: value for name, value in told.items() if name.endswith("_PORT")} == {"KUNDRESA_METRICS_PORT": "7"}
    assert told["KUNDRESA_PUBLIC_URL"] == f"http://{HOST}:1"


def test_a_setting_that_is_given_wins(folder: DataFolder) -> None:
    given = NO_FILE | {"KUNDRESA_SHOP_URL": "https://shop.example", "KUNDRESA_SMTP_URL": "smtp://relay.example"}
    told = environment(PORTS, folder, given)
    assert told["KUNDRESA_SHOP_URL"] == "https://shop.example"
    assert told["KUNDRESA_SMTP_URL"] == "smtp://relay.example"
    assert "KUNDRESA_EVIDENCE_URL" not in told


def test_a_path_is_meant_from_where_the_person_stands(
    folder: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = environment(PORTS, folder, NO_FILE | {"KUNDRESA_TEMPLATES_DIR": "letters"})
    assert told["KUNDRESA_TEMPLATES_DIR"] == str(tmp_path / "letters")


@pytest.mark.parametrize(
    "given",
    [{"TEMPORAL_ADDRESS": "cloud.example:7233"}, {"TEMPORAL_PROFILE": "cloud"}],
    ids=["by an address", "by a profile"],
)
def test_a_temporal_that_is_named_is_used_as_it_is_configured(
    given: dict[str, str], folder: DataFolder, config_file: dict[str, str]
) -> None:
    assert elsewhere(config_file | given) == {"temporal"}
    told = environment(PORTS, folder, config_file | given)
    assert temporal_variables(told) == config_file | given | {"TEMPORAL_ADDRESS": "cloud.example:7233"}
    assert "KUNDRESA_TEMPORAL_UI_URL" not in told


@pytest.mark.parametrize("given", [{}, {"TEMPORAL_ADDRESS": ""}], ids=["not named", "named by nothing"])
def test_a_temporal_of_our_own_takes_the_namespace_and_no_key_of_another_server(
    given: dict[str, str], folder: DataFolder, config_file: dict[str, str]
) -> None:
    assert elsewhere(config_file | given) == set()
    told = environment(PORTS, folder, config_file | given | {"TEMPORAL_TLS": "true"})
    assert temporal_variables(told) == NO_FILE | {"TEMPORAL_ADDRESS": f"{HOST}:3", "TEMPORAL_NAMESPACE": "shop"}


def test_a_profile_that_is_nowhere_is_told_clearly(folder: DataFolder, config_file: dict[str, str]) -> None:
    with pytest.raises(TemporalConfigError, match="Profile 'nowhere' not found"):
        environment(PORTS, folder, config_file | {"TEMPORAL_PROFILE": "nowhere"})
