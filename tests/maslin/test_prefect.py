"""Flows for Prefect: entry points of the example are there, parameters are taken and described, schedules are cron."""

import importlib
import re

import yaml

from tests.docs.pages import DOCS


def test_deployments_name_flows_and_their_parameters():
    deployments = yaml.safe_load((DOCS / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    assert {each["name"] for each in deployments} == {"monthly", "by-hand"}
    for each in deployments:
        module, _, name = each["entrypoint"].rpartition(".")
        properties = getattr(importlib.import_module(module), name).parameters.properties
        assert each["parameters"].keys() <= properties.keys()
        assert all(re.fullmatch(r"(\S+ ){4}\S+", schedule["cron"]) for schedule in each.get("schedules", ()))


def test_what_a_form_asks_for_is_described():
    for name in ("curate", "mix", "train", "compare"):
        properties = getattr(importlib.import_module("maslin.prefect"), name).parameters.properties
        assert all(each["description"].endswith(".") for each in properties.values()), name


def test_flows_take_what_the_commands_do():
    from dataclasses import fields

    from maslin.flows.commands.compare import CompareOptions
    from maslin.flows.commands.train import TrainOptions
    from maslin.flows.job.arguments import JobOptions
    from maslin.flows.job.work import NOT_SHOWN

    of_commands = {"curate": JobOptions, "mix": JobOptions, "train": TrainOptions, "compare": CompareOptions}
    for name, options in of_commands.items():
        taken = getattr(importlib.import_module("maslin.prefect"), name).parameters.properties.keys()
        assert taken == {field.name for field in fields(options)} - {*NOT_SHOWN, "memory_bytes"}, name
