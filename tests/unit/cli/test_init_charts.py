"""`init` where there are several charts: which of them is taken, or which become releases."""

import re
from typing import Any

from tests.support import shapes


def test_of_several_charts_the_one_that_names_the_services_is_taken(shape: Any) -> None:
    found = shape(
        shapes.services("orders", "users")
        | shapes.chart("charts/monitoring", "grafana:\n  image:\n    tag: x\n")
        | shapes.chart("charts/shop", shapes.images({"o": "orders", "u": "users"}), file="values-dev.yaml")
        | shapes.chart("charts/shop/charts/redis", "image:\n  tag: x\n")
    )
    text = found.written()
    assert found.project().chart[:3] == ("charts/shop", "values-dev.yaml", "shop")
    assert [one.values_key for one in found.project().services] == ["o", "u"]
    assert "# - other charts, which erp_build does not deploy: charts/monitoring\n" in text
    assert found.planned("charts/monitoring/values.yaml") == set()
    assert found.planned("charts/shop/values-dev.yaml") == {"orders", "users", "helm-chart"}


def test_a_chart_for_each_service_becomes_a_release_for_each(shape: Any) -> None:
    one = shapes.chart("orders/chart", "image:\n  repository: x/orders\n  tag: x\n", "orders")
    other = shapes.chart("users/chart", "image:\n  repository: x/users\n  tag: x\n", "users")
    found = shape(shapes.services("orders", "users") | one | other)
    found.written()
    charts = [(one.name, one.path, one.release) for one in found.project().charts]
    assert charts == [("orders-chart", "orders/chart", "orders"), ("users-chart", "users/chart", "users")]
    services = [(one.chart, one.values_key) for one in found.project().services]
    assert services == [("orders-chart", "image.tag"), ("users-chart", "image.tag")]
    assert found.planned("users/src/App.java") == {"users"}
    assert found.planned("users/chart/values.yaml") == {"users", "users-chart"}


def test_charts_that_share_the_services_become_releases_as_scripts_install_them(shape: Any) -> None:
    found = shape(
        shapes.services("orders", "users", "reports", "pay")
        | {"pay/Dockerfile": shapes.LAMBDA, "deploy.sh": "helm upgrade --install office deploy/back -n back\n"}
        | shapes.chart("deploy/back", shapes.images({"r": "reports"}), "back")
        | shapes.chart("deploy/redis", "image:\n  repository: x/redis\n  tag: x\n", "redis")
        | shapes.chart("deploy/shop", shapes.images({"o": "orders", "u": "users"}), "shop")
    )
    text = found.written()
    charts = [(one.name, one.path, one.release, one.namespace) for one in found.project().charts]
    assert charts == [("office", "deploy/back", "office", "back"), ("shop", "deploy/shop", "shop", "default")]
    targets = {one.name: one.chart for one in found.project().image_targets}
    assert targets == {"orders": "shop", "reports": "office", "users": "shop", "pay": "office"}
    assert re.search(r'chart = "office" +# a guess', text)
    assert re.search(r'chart = "shop" +# deploy/shop/values.yaml', text)
    assert "# - other charts, which erp_build does not deploy: deploy/redis\n" in text


def test_an_umbrella_over_a_chart_for_each_service_is_taken(shape: Any) -> None:
    one = shapes.chart("charts/orders", "image:\n  repository: x/orders\n  tag: x\n", "orders")
    other = shapes.chart("charts/users", "image:\n  repository: x/users\n  tag: x\n", "users")
    umbrella = shapes.chart("charts/all", "orders: {}\n", "all")
    umbrella["charts/all/Chart.yaml"] += "dependencies:\n  - name: orders\n    repository: file://../orders\n"
    found = shape(shapes.services("orders", "users") | one | other | umbrella)
    text = found.written()
    assert found.project().chart.path == "charts/all"
    assert text.count("charts/all/values.yaml names no image of it") == 2
