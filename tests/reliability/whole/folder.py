"""Lays out a configuration folder: the integration with an entry for each box, and the witness."""

from collections.abc import Mapping
from datetime import UTC, datetime
import json
from pathlib import Path
from typing import Any

from ..alone import INTEGRATION
from ..plan import Plan

_ENTRIES_VERSION = (1, 5)


def lay_out(config: Path, boxes: Mapping[str, tuple[Plan, Path]]) -> None:
    """Lay it out for boxes by their entries' ids, each with its plan and the folder for its notes."""
    storage, components = config / ".storage", config / "custom_components"
    storage.mkdir(parents=True)
    components.mkdir()
    (components / "__init__.py").touch()  # so that nobody else's is found first
    (components / INTEGRATION.name).symlink_to(INTEGRATION)
    (components / "witness").symlink_to(Path(__file__).with_name("witness"))
    folders = "".join(f"  {entry_id}: {folder}\n" for entry_id, (_, folder) in boxes.items())
    (config / "configuration.yaml").write_text(f"homeassistant:\n  name: Test\nwitness:\n{folders}")
    version, minor = _ENTRIES_VERSION
    document = {
        "version": version,
        "minor_version": minor,
        "key": "core.config_entries",
        "data": {"entries": [_entry(entry_id, plan) for entry_id, (plan, _) in boxes.items()]},
    }
    (storage / "core.config_entries").write_text(json.dumps(document))


def store_of(config: Path, entry_id: str) -> Path:
    """Give where the integration keeps the store of an entry."""
    return config / ".storage" / f"gsm_gateway.{entry_id}.db"


def _entry(entry_id: str, plan: Plan) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    data: dict[str, Any] = {
        "family": plan.family,
        "port": plan.port,
        "password": plan.password,
        "notify_name": entry_id,
    }
    if plan.host is not None:
        data |= {"host": plan.host, "username": plan.username}
    if plan.lines:
        data |= {"lines": list(plan.lines)}
    return {
        "created_at": now,
        "modified_at": now,
        "data": data,
        "discovery_keys": {},
        "disabled_by": None,
        "domain": "gsm_gateway",
        "entry_id": entry_id,
        "minor_version": 1,
        "options": {"history": 5000, "limit_hour": 0},
        "pref_disable_new_entities": False,
        "pref_disable_polling": False,
        "source": "user",
        "subentries": [],
        "title": entry_id,
        "unique_id": f"id_of_{entry_id}",
        "version": 1,
    }
