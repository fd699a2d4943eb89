"""The check of the configuration: what is wrong is named, what is meant is read."""

import copy
import re
import unicodedata
from pathlib import Path

import pytest
import yaml

from mlp.data.normalization import PIXELS
from mlp.hyperparameters import Hyperparameters
from mlp.networks.activations import ACTIVATIONS
from mlp.networks.batch import INITIALIZATIONS
from mlp.networks.sgd import SCHEDULES
from workflow.configuration import SCHEMA, problems
from workflow.runs import settings, words

CONFIG = yaml.safe_load(Path("config.yaml").read_text())


def changed(key, value):
    config = copy.deepcopy(CONFIG)
    *parents, last = key.split(".")
    place = config
    for parent in parents:
        place = place[parent]
    place[last] = value
    return config


def test_the_configuration_of_the_project_is_right():
    assert list(problems(copy.deepcopy(CONFIG))) == []


def test_every_key_of_the_schema_refuses_unknown_ones():
    def objects(schema):
        if isinstance(schema, dict):
            if schema.get("type") == "object":
                yield schema
            for value in schema.values():
                yield from objects(value)

    found = list(objects(SCHEMA))
    assert len(found) > 10
    assert all(each["additionalProperties"] is False for each in found)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("hyperparameters.epochs", 12.5, "epochs: 12.5 is not of type 'integer'"),
        ("hyperparameters.epochs", 2.0, "epochs: 2.0 is not of type 'integer'"),
        ("hyperparameters.epochs", "5", "epochs: '5' is not of type 'integer'"),
        ("hyperparameters.epochs", True, "epochs: True is not of type 'integer'"),
        ("hyperparameters.epochs", 0, "epochs: 0 is less than the minimum of 1"),
        ("hyperparameters.epoch", 5, "hyperparameters: .*'epoch' was unexpected"),
        ("hyperparameters.schedule", "cosine", "'cosine' is not one of .*'linear'"),
        ("learning_rate_sweep.grid", {}, "sweep.grid: {} should be non-empty"),
        ("learning_rate_sweep.grid", [], r"sweep.grid: \[\] should be non-empty"),
        ("learning_rate_sweep.grid", 8, "sweep.grid: 8 is not of type 'object'"),
        ("learning_rate_sweep.grid", [[]], r"grid.0: \[\] is not of type 'object'"),
        ("learning_rate_sweep.grid", {"epochs": 5}, "epochs: 5 is not of type 'array"),
        ("learning_rate_sweep.grid", [{"epochs": [0]}], "grid.0.epochs.0: 0 is less"),
        ("learning_rate_sweep.grid", {"rates": [1]}, "grid: .*'rates' was unexpected"),
        ("synthetic.learning_rate", float("nan"), "rate: nan is not of type 'number'"),
        ("synthetic.learning_rate", float("inf"), "rate: inf is not of type 'number'"),
        ("synthetic.learning_rate", -1, "less than or equal to the minimum of 0"),
        ("synthetic.learning_rate", "1e-3x", "'1e-3x' is not of type 'number'"),
        ("synthetic.seeds", [], r"synthetic.seeds: \[\] is too short"),
        ("synthetic.seeds", [1], r"synthetic.seeds: \[1\] is too short"),
        ("synthetic.seeds", [1, 1], "has non-unique elements"),
        ("learning_rate_sweep.learning_rates", [1, 2, 1.0], "has non-unique elements"),
        ("learning_rate_sweep.learning_rates", [0.1, "a", 1], "rates.1: 'a' is not"),
        ("report.author", "", "report.author: '' should be non-empty"),
        ("report.author", "A\nB", "report.author: .* is not: one line"),
        ("report.author", "\u4e2d", "report.author: .* is not: one line"),
        ("report.author", "  ", "report.author: .* is not: one line"),
        ("report.author", "A " + "W" * 35, "author: .* is not: words of at most 34"),
        ("report.date", "W" * 35, "report.date: .* is not: words of at most 34"),
        ("report.title", "W" * 29, "report.title: .* is not: words of at most 28"),
        ("dataset.name", "W" * 31, "dataset.name: .* at most 30"),
        ("report.date", 2026, "report.date: 2026 is not a text; put it in quotes"),
        ("dataset.classes", [0, "1"], "classes.0: 0 is not a text; put it in quotes"),
        ("dataset.name", "../x", "dataset.name: '../x' is not: The name"),
        ("dataset.sources", [{"mirror": "ftp://x/{file}"}], "sources.0.mirror: .*web"),
        ("dataset.sources", [{"package": "x", "archive": "y"}], "'sha256' is a req"),
        ("dataset.sources", [{"mirror": "http://x/{file}", "sha256": "0" * 64}], "too"),
        ("dataset.files.test_images.sha256", "abc", "'abc' is not: 64 digits"),
        (
            "learning_rate_sweep.grid",
            {"epochs": [*range(1, 32)]},
            "; at most 30 allowed",
        ),
        ("synthetic.seeds", [1], "; at least 2 allowed"),
        ("synthetic.seeds", [1, 1], "; each may be given once"),
        ("dataset.classes", ["a", "b" * 21], "; at most 20 characters"),
        ("hyperparameters.epoch", 5, "; known are hidden_size, activation, .*epochs$"),
        ("report.author", "A \u014b \u0416", r"without '\u0416' \(CYRILLIC CAPITAL"),
        ("report.template", "a{b}", r"without '{' \(LEFT CURLY BRACKET\)"),
        ("dataset.folder", "data/MNIST", "data/MNIST is data/MNIST, where .* written"),
        ("dataset.folder", "./x/../data/MNIST/", "where the files are written"),
        ("dataset.validation_size", 60000, "60000 of the 60000 .* leave none"),
        ("dataset", None, "dataset: None is not of type 'object'"),
    ],
)
def test_a_mistake_is_named(key, value, message):
    (found,) = problems(changed(key, value))
    assert re.search(message, found), found
    assert "\n" not in found


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("report.author", "Nguy\u1ec5n V\u0103n, Ioni\u021b\u0103, \u01a0, \u1e62"),
        ("report.author", "Jose\u0301, Nguye\u0302\u0303n"),
        ("dataset.folder", "\u0434\u0430\u043d\u043d\u044b\u0435/a\u0301 $x,;:'{}"),
    ],
)
def test_names_and_folders_of_all_languages(key, value):
    config = changed(key, value)
    assert list(problems(config)) == []
    section, name = key.split(".")
    text = name != "folder"
    expected = unicodedata.normalize("NFC", value) if text else value
    assert config[section][name] == expected


def test_all_mistakes_are_named_at_once():
    config = changed("hyperparameters.epochs", 0)
    config["final"]["seeds"] = [-1, 0]
    del config["report"]["title"]
    found = list(problems(config))
    assert [line.split(":")[0] for line in found] == [
        "final.seeds.0",
        "hyperparameters.epochs",
        "report",
    ]


def test_numbers_with_an_exponent_are_read_as_meant():
    text = "synthetic: {learning_rate: 1e-3}\nrates: [1e-1, 3.E2, 0.5]"
    loaded = yaml.safe_load(text)
    assert loaded["synthetic"]["learning_rate"] == "1e-3"  # YAML 1.1
    config = changed("synthetic.learning_rate", loaded["synthetic"]["learning_rate"])
    config["learning_rate_sweep"]["learning_rates"] = loaded["rates"]
    assert list(problems(config)) == []
    assert config["synthetic"]["learning_rate"] == 0.001
    assert config["learning_rate_sweep"]["learning_rates"] == [0.1, 300.0, 0.5]


def test_a_choice_has_one_form_however_it_is_written():
    config = changed("hyperparameters.learning_rate", 1)
    config["hyperparameters"] = dict(reversed(config["hyperparameters"].items()))
    config["learning_rate_sweep"]["grid"] = {"learning_rate": [1, 3]}
    assert list(problems(config)) == []
    assert tuple(config["hyperparameters"]) == Hyperparameters._fields
    (first, _) = settings(
        config["hyperparameters"], config["learning_rate_sweep"]["grid"]
    )
    written = words(config["hyperparameters"])
    assert words(first) == written
    assert Hyperparameters.from_words(written).learning_rate == 1.0
    assert " learning_rate=1.0 " in written


@pytest.mark.parametrize(
    "properties",
    [SCHEMA["properties"]["hyperparameters"]["properties"],
     SCHEMA["$defs"]["grid"]["properties"], CONFIG["hyperparameters"]],
    ids=["schema", "schema of the grid", "config.yaml"],
)  # fmt: skip
def test_the_hyperparameters_have_the_same_names_everywhere(properties):
    assert tuple(properties) == Hyperparameters._fields


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("activation", ACTIVATIONS),
        ("initialization", INITIALIZATIONS),
        ("normalization", PIXELS),
        ("schedule", SCHEDULES),
    ],
)
def test_the_schema_allows_what_the_code_knows(name, known):
    assert sorted(SCHEMA["$defs"][name]["enum"]) == sorted(known)
