"""The settings that objects of a release give to programs: each with the name that its program knows it by."""

from erp_build.formats.kubernetes.settings import settings_in


def test_a_variable_is_called_by_its_own_name() -> None:
    variables = [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "PORT", "value": "8080"}]
    found = list(settings_in([{"kind": "Deployment", "spec": {"containers": [{"name": "app", "env": variables}]}}]))
    assert ("DB_PASSWORD", "hunter2") in found
    assert ("PORT", "8080") in found
    assert ("value", "hunter2") not in found


def test_an_entry_of_a_config_map_is_called_by_its_key() -> None:
    assert ("db.password", "hunter2") in list(settings_in([{"kind": "ConfigMap", "data": {"db.password": "hunter2"}}]))


def test_what_is_no_text_is_no_setting() -> None:
    assert (
        list(settings_in([{"spec": {"replicas": 2, "paused": True, "value": None, "name": 7, "items": [[], {}]}}]))
        == []
    )
