"""The shipped policy, taken from `infra/pipeline.yaml` itself with the parameters of one ERP filled in."""

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from sandbox.endpoints import ACCOUNT, REGION
from sandbox.paths import ROOT

TEMPLATE = ROOT / "infra" / "pipeline.yaml"
CONNECTION = f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/11111111-2222-3333-4444-555555555555"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
}
NOTHING = object()
"""What `AWS::NoValue` is: the entry is left out."""

BUILD_ROLE, PIPELINE_ROLE = "BuildRole", "PipelineRole"


class Template:
    """The template with values for its parameters.

    Args:
        given: values of parameters; the others have their defaults.
    """

    def __init__(self, given: Mapping[str, str]) -> None:
        self.document: dict[str, Any] = yaml.load(TEMPLATE.read_bytes(), _Loader)  # noqa: S506 - a safe one, see below
        required = {"ConnectionArn": CONNECTION, "SourceRepository": "example/erp"}
        defaults = {name: str(one["Default"]) for name, one in self.document["Parameters"].items() if "Default" in one}
        self.values = {**defaults, **required, **PSEUDO, **given}

    def policies(self, role: str) -> list[dict[str, Any]]:
        """The policy documents of a role, by its logical name."""
        found = self.document["Resources"][role]["Properties"]["Policies"]
        return [self.resolve(one["PolicyDocument"]) for one in found]

    def resolve(self, node: Any) -> Any:
        """A part of the template without its functions: of those, the ones that policies and properties use."""
        if isinstance(node, list):
            return [one for one in map(self.resolve, node) if one is not NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name in _FUNCTIONS:
                return _FUNCTIONS[name](self, argument)
        resolved = {name: self.resolve(value) for name, value in node.items()}
        return {name: value for name, value in resolved.items() if value is not NOTHING}

    def ref(self, name: str) -> Any:
        """What `!Ref` gives: a value, or for a resource its name."""
        if name == "AWS::NoValue":
            return NOTHING
        if name in self.values:
            return self.values[name]
        properties = self.document["Resources"][name]["Properties"]
        named = next(value for key, value in properties.items() if key.endswith("Name"))
        return self.resolve(named)

    def choose(self, argument: list[Any]) -> Any:
        """What `!If` gives."""
        name, when, otherwise = argument
        return self.resolve(when if self.resolve(self.document["Conditions"][name]) else otherwise)


def run_policy(given: Mapping[str, str]) -> str:
    """The policy of a run as JSON."""
    (document,) = Template(given).policies(BUILD_ROLE)
    return json.dumps(document)


def without(policy: str, action: str) -> str:
    """A policy that lacks one action; a statement that has no other goes with it."""
    document = json.loads(policy)
    for statement in document["Statement"]:
        statement["Action"] = [one for one in statement["Action"] if one != action]
    document["Statement"] = [one for one in document["Statement"] if one["Action"]]
    return json.dumps(document)


def _sub(template: Template, text: str) -> str:
    return re.sub(r"\$\{([\w:]+)\}", lambda match: str(template.ref(match[1])), text)


_FUNCTIONS: dict[str, Any] = {
    "Ref": Template.ref,
    "Fn::Sub": _sub,
    "Fn::If": Template.choose,
    "Fn::Equals": lambda template, both: template.resolve(both[0]) == template.resolve(both[1]),
    "Fn::Not": lambda template, one: not template.resolve(one[0]),
    "Fn::And": lambda template, all_of: all(map(template.resolve, all_of)),
    "Fn::Condition": lambda template, name: template.resolve(template.document["Conditions"][name]),
    "Fn::GetAtt": lambda _, place: f"{{{place}}}",
}


class _Loader(yaml.SafeLoader):
    """YAML with the short forms of CloudFormation's functions."""


def _function(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = "Ref" if suffix == "Ref" else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    assert isinstance(node, yaml.SequenceNode)
    return {name: loader.construct_sequence(node, deep=True)}


_Loader.add_multi_constructor("!", _function)
