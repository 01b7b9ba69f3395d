"""docker-compose.yml beside the code that it starts: settings, secrets, ports, order, and time to finish."""

import re
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import cli
import worker
from api import serving
from local import temporal as embedded
from local.configuration import read_settings
from settings import Settings
from workflows.starting import JOURNEY_ID, JOURNEY_STAGE

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PRODUCT = ("api", "worker", "migrate", "apply")
PREFIX = "KUNDRESA_"

# `${NAME}`, `${NAME:-default}`, `${NAME:?what to do}`
REFERENCE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")
REQUIRED = {found["name"] for found in REFERENCE.finditer(TEXT) if found["kind"] == "?"}
OPTIONAL = {found["name"] for found in REFERENCE.finditer(TEXT) if found["kind"] == "-"}

BY_THE_IMAGE = {"KUNDRESA_JOURNEYS_DIR", "KUNDRESA_LOCALE_DIR", "KUNDRESA_TEMPLATES_DIR"}
FIELDS = {PREFIX + field.upper(): info for field, info in Settings.model_fields.items()}


def example() -> dict[str, str]:
    """The variables of .env.example."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value.strip('"') for name, _, value in pairs}


def filled_in(text: str, variables: dict[str, str]) -> str:
    """A value of the compose file as a container gets it."""
    return REFERENCE.sub(lambda found: variables.get(found["name"]) or (found["rest"] or ""), text)


def environment(service: str, variables: dict[str, str]) -> dict[str, str]:
    """What a service is told; a name without a value is passed on where it is known."""
    told = SERVICES[service]["environment"]
    passed = {name: variables[name] for name, value in told.items() if value is None and name in variables}
    return {name: filled_in(value, variables) for name, value in told.items() if value is not None} | passed


def seconds(duration: str) -> int:
    found = re.fullmatch(r"(\d+)s", duration)
    assert found is not None, f"{duration} is not in seconds"
    return int(found[1])


@pytest.mark.parametrize("service", PRODUCT)
def test_what_a_service_is_told_are_exactly_the_settings(service: str) -> None:
    told = {name for name in SERVICES[service]["environment"] if name.startswith(PREFIX)}
    assert told == FIELDS.keys() - BY_THE_IMAGE


def test_no_other_variable_looks_like_a_setting() -> None:
    everywhere = TEXT + (ROOT / ".env.example").read_text() + (ROOT / "Dockerfile").read_text()
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]+", everywhere)) <= FIELDS.keys()


@pytest.mark.parametrize("service", PRODUCT)
def test_a_setting_without_a_default_cannot_be_forgotten(service: str) -> None:
    for name, field in FIELDS.items():
        if field.is_required():
            references = REFERENCE.finditer(SERVICES[service]["environment"][name])
            assert [found["kind"] for found in references] == ["?"], f"{name} may stay empty"


def test_what_is_required_says_what_to_do() -> None:
    for found in REFERENCE.finditer(TEXT):
        if found["kind"] == "?":
            assert found["rest"].startswith("set it in .env"), found[0]


def test_the_example_names_all_that_is_required_and_nothing_that_is_unknown() -> None:
    passed_on = {
        name for service in SERVICES.values() for name, value in service["environment"].items() if value is None
    }
    named = example().keys() - {"COMPOSE_PROFILES"}
    assert named >= REQUIRED
    assert named <= REQUIRED | OPTIONAL | passed_on


def test_the_example_holds_no_secret() -> None:
    secret = {name for name in example() if re.search(r"PASSWORD|SECRET|KEY", name)}
    assert {name: example()[name] for name in secret} == dict.fromkeys(secret, "")
    assert {"KUNDRESA_SECRET", "KUNDRESA_ADMIN_KEY", "KUNDRESA_WRITE_KEYS", "POSTGRES_PASSWORD"} <= secret


@pytest.mark.parametrize("service", PRODUCT)
def test_the_example_once_filled_in_gives_settings_that_are_accepted(service: str) -> None:
    variables = {name: value or "0123456789abcdef01234567" for name, value in example().items()}
    settings = read_settings(environment(service, variables))
    assert settings.database_url == "postgresql://kundresa:0123456789abcdef01234567@postgres:5432/kundresa"
    assert settings.smtp_url == "smtp://mailbox:587"
    assert settings.shop_name == "Kundresa Shop"


def test_ports_are_open_to_this_machine_alone() -> None:
    published = {port for service in SERVICES.values() for port in service.get("ports", [])}
    assert len(published) == 3
    assert {port for port in published if not port.startswith("127.0.0.1:")} == set()


def test_every_image_but_our_own_has_a_version() -> None:
    images = {service["image"] for service in SERVICES.values()}
    assert {image for image in images if not re.search(r":v?\d", image)} == {"kundresa"}


def test_commands_are_those_of_the_command_line() -> None:
    known = {command.name or command.callback.__name__ for command in cli.app.registered_commands if command.callback}
    assert {SERVICES[service]["command"][0] for service in PRODUCT} <= known


def test_services_wait_for_what_can_be_waited_for() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            awaited = SERVICES[other]
            if how["condition"] == "service_healthy":
                assert "healthcheck" in awaited, f"{name} waits for {other}, which never says that it is healthy"
            else:
                assert how["condition"] == "service_completed_successfully"
                assert awaited["restart"] != "unless-stopped", f"{name} waits for {other}, which never ends"


def test_intake_does_not_wait_for_temporal() -> None:
    def needed(service: str) -> set[str]:
        direct = set(SERVICES[service].get("depends_on", {}))
        return direct.union(*map(needed, direct))

    assert needed("api") == {"migrate", "postgres"}
    assert needed("worker") >= {"migrate", "postgres", "temporal", "temporal-namespace", "temporal-schema"}


def test_the_api_is_healthy_while_temporal_is_down() -> None:
    assert "/healthz" in SERVICES["api"]["healthcheck"]["test"][-1]


def test_there_is_time_to_finish_what_is_under_way() -> None:
    assert seconds(SERVICES["worker"]["stop_grace_period"]) > worker._GRACE.total_seconds() + 10
    assert seconds(SERVICES["api"]["stop_grace_period"]) > serving._GRACE_SECONDS + 5


def test_several_workers_share_the_work() -> None:
    assert SERVICES["worker"]["deploy"]["replicas"] >= 2
    assert "ports" not in SERVICES["worker"]


def test_data_outlives_its_containers() -> None:
    # The image of PostgreSQL 18 declares this folder, and not the `data` below it, as its volume.
    assert "postgres:/var/lib/postgresql" in SERVICES["postgres"]["volumes"]
    assert "postgres" in COMPOSE["volumes"]


def test_what_is_mounted_is_there() -> None:
    mounted = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert {source for source in mounted if source.startswith("./") and not (ROOT / source).exists()} == set()
    assert {source for source in mounted if not source.startswith("./")} <= set(COMPOSE["volumes"])


def test_temporal_has_shards_enough_for_its_whole_life_and_its_configuration_file() -> None:
    told = SERVICES["temporal"]["environment"]
    assert told["NUM_HISTORY_SHARDS"] == "512"
    assert told["DYNAMIC_CONFIG_FILE_PATH"] == "/deploy/dynamicconfig.yaml"
    assert "./deploy/temporal:/deploy:ro" in SERVICES["temporal"]["volumes"]
    assert yaml.safe_load((ROOT / "deploy/temporal/dynamicconfig.yaml").read_text())


def test_search_attributes_are_made_as_the_workflows_use_them() -> None:
    script = (ROOT / "deploy/temporal/namespace.sh").read_text()
    found = re.search(r"^for attribute in (.+); do$", script, re.MULTILINE)
    assert found is not None
    made = set(found[1].split())
    assert made == {JOURNEY_ID.name, JOURNEY_STAGE.name}
    assert made == {attribute.partition("=")[0] for attribute in embedded._SEARCH_ATTRIBUTES}
    assert "--type Keyword" in script


@pytest.mark.parametrize("script", sorted((ROOT / "deploy").rglob("*.sh")), ids=lambda path: path.name)
def test_scripts_can_be_read_by_a_plain_shell(script: Path) -> None:
    subprocess.run(["sh", "-n", str(script)], check=True)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the certificate is made by openssl")
def test_the_trial_s_mailbox_can_prove_who_it_is(tmp_path: Path) -> None:
    script = ROOT / "deploy/mailbox-certificate.sh"
    subprocess.run(["sh", str(script), str(tmp_path)], check=True, capture_output=True)
    certificate = tmp_path / "mailbox.pem"
    first = certificate.read_bytes()
    subprocess.run(["sh", str(script), str(tmp_path)], check=True, capture_output=True)
    assert certificate.read_bytes() == first
    shake_hands(certificate, tmp_path / "mailbox.key", "mailbox")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(certificate, tmp_path / "mailbox.key", "elsewhere")


def shake_hands(certificate: Path, key: Path, hostname: str) -> None:
    """TLS as workers speak it, strictly, with a server that has this certificate. Raises SSLError."""
    serving_side, asking_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    serving_side.load_cert_chain(certificate, key)
    asking_side.load_verify_locations(certificate)
    asking_side.verify_flags |= ssl.VERIFY_X509_STRICT
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        asking_side.wrap_bio(down, up, server_hostname=hostname),
        serving_side.wrap_bio(up, down, server_side=True),
    ]
    waiting = sides
    while waiting:
        waiting = [side for side in waiting if not is_through(side)]


def is_through(side: ssl.SSLObject) -> bool:
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def compose_is_installed() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "compose", "version"], check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(not compose_is_installed(), reason="needs the compose plugin of docker")
def test_compose_itself_accepts_the_file(tmp_path: Path) -> None:
    env = tmp_path / "env"
    env.write_text("".join(f'{name}="{value or "0123456789abcdef01234567"}"\n' for name, value in example().items()))
    command = ["docker", "compose", "--env-file", str(env), "--profile", "trial", "config", "--quiet"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
