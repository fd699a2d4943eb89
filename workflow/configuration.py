"""The check of the configuration, before any work starts."""

import math
import os
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

with (Path(__file__).parent / "schemas" / "config.schema.yaml").open() as file:
    SCHEMA = yaml.safe_load(file)
LONG = 300  # characters of a message
ODD = re.compile(r"[+-]?0[\d_]|.*:")  # octal, or minutes and seconds
EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")


def is_finite_number(_: object, value: object) -> bool:
    """Tell numbers from NaN, infinities, truth values and all else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)


def is_whole_number(_: object, value: object) -> bool:
    """Tell whole numbers from truth values and from 2.0, which no step would take."""
    return isinstance(value, int) and not isinstance(value, bool)


Validator = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"number": is_finite_number, "integer": is_whole_number}
    ),
)


FloatValidator = extend(
    Validator,
    type_checker=Validator.TYPE_CHECKER.redefine(
        "number", lambda _, value: isinstance(value, float)
    ),
)
"""Takes nothing for a number that is not a float."""


def read_values(config: dict, schema: dict) -> None:
    """Make floats of ``1`` and of ``1e-3``, a string in YAML, where a number belongs.

    So a number has one form, as in the folders of the runs.  Nor does it matter whether
    a letter and its accent were typed as two characters.
    """
    for error in list(FloatValidator(schema).iter_errors(config)):
        value = error.instance
        if error.validator == "pattern":
            replace(config, error, unicodedata.normalize("NFC", value))
        wants_number = error.validator == "type" and error.validator_value == "number"
        if wants_number and (
            is_whole_number(None, value)
            or (isinstance(value, str) and EXPONENT.fullmatch(value))
        ):
            with suppress(OverflowError):  # the schema refuses what is that large
                replace(config, error, float(value))


def replace(config: dict, error: ValidationError, value: object) -> None:
    """Put another value where an error is."""
    *parents, key = error.absolute_path
    place = config
    for parent in parents:
        place = place[parent]
    place[key] = value


LIMITS = {
    "minItems": "at least {} allowed",
    "maxItems": "at most {} allowed",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minProperties": "at least {} allowed",
    "maxProperties": "at most {} allowed",
    "uniqueItems": "each may be given once",
}
"""What is allowed, by validator, where the message of jsonschema does not say it."""


def allowed(error: ValidationError, schema: dict) -> str:
    """Say what a key may hold, if the message of jsonschema does not."""
    limit = schema.get(str(error.validator))
    if error.validator == "additionalProperties":
        return f"known are {', '.join(schema['properties'])}"
    if error.validator == "pattern":
        value = str(error.instance)
        odd = sorted({c for c in value if c.strip() and not re.search(str(limit), c)})
        names = (f"{each!r} ({unicodedata.name(each, 'no name')})" for each in odd[:3])
        return f"without {', '.join(names)}" if odd else ""
    return LIMITS.get(str(error.validator), "").format(limit)


def explain(error: ValidationError) -> str:
    """Say in one line which key is wrong, what it holds and what it may hold."""
    message = error.message
    schema = error.schema if isinstance(error.schema, dict) else {}
    if error.validator == "pattern" and "description" in schema:
        message = f"{error.instance!r} is not: {schema['description']}"
    if error.validator == "type" and "string" in str(error.validator_value):
        message = f"{error.instance} is not a text; put it in quotes"
    if len(message) > LONG:
        message = f"{message[: LONG // 2]} ... {message[-LONG // 2 :]}"
    if more := allowed(error, schema):
        message = f"{message}; {more}"
    return f"{path(error)}: {message}"


def path(error: ValidationError) -> str:
    """Write where in the configuration an error is."""
    return ".".join(map(str, error.absolute_path)) or "(top level)"


def problems(config: dict) -> Iterator[str]:
    """Check the configuration; give one line for each mistake in it.

    Parameters
    ----------
    config : dict
        Changed in place: numbers become floats, and what may stand in any order gets
        one, the hyperparameters that of the schema.
    """
    read_values(config, SCHEMA)
    errors = sorted(Validator(SCHEMA).iter_errors(config), key=path)
    yield from map(explain, errors)
    if not errors:
        axes = SCHEMA["properties"]["hyperparameters"]["properties"]
        given = config["hyperparameters"]
        config["hyperparameters"] = {name: given[name] for name in axes}
        for section in ("synthetic", "mnist_runs", "learning_rate_sweep", "final"):
            config[section]["seeds"].sort()
        yield from contradictions(config)


def contradictions(config: dict) -> Iterator[str]:
    """Find values that are right each by itself but not together."""
    dataset = config["dataset"]
    instances = dataset["files"]["train_labels"]["bytes"] - 8  # behind the header
    if dataset["validation_size"] >= instances:
        yield (
            f"dataset.validation_size: {dataset['validation_size']} of the {instances} "
            "training images leave none to train on"
        )
    folder, target = dataset["folder"], os.path.join("data", dataset["name"])
    given = folder and os.path.realpath(os.path.expanduser(folder))
    if given == os.path.realpath(target):
        yield (
            f"dataset.folder: {folder} is {target}, where the files are written to; "
            "those that are right stay there, so name another folder, or null"
        )


class Loader(yaml.SafeLoader):
    """Reads YAML and refuses what would be read otherwise than it looks.

    Such are a key that is given twice, of which one would be lost, and 010 for 8.
    """

    def construct_document(self, node: Any) -> Any:
        """Read it at once, which refuses what contains itself."""
        self.deep_construct = True
        return super().construct_document(node)

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        """Read a value, still as text, of a kind that this has told."""
        scalar = super().compose_scalar_node(anchor)
        if scalar.tag.endswith((":int", ":float")) and ODD.match(scalar.value):
            raise yaml.MarkedYAMLError(
                problem=f"YAML takes {scalar.value} for another number; write it in "
                "decimal digits, or a text in quotes",
                problem_mark=scalar.start_mark,
            )
        return scalar

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Read a mapping, its keys and values still as text."""
        mapping = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in mapping.value:
            name = str(key.value)
            if name in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {name!r} is given twice",
                    problem_mark=key.start_mark,
                )
            seen.add(name)
        return mapping


def syntax_error(file: Path) -> str | None:
    """Say where a YAML file cannot be read, and why; None if it can."""
    try:
        config = yaml.load(file.read_text("utf-8"), Loader)  # noqa: S506, a SafeLoader
    except yaml.YAMLError as error:
        return str(error).replace("<unicode string>", str(file))
    except UnicodeDecodeError as error:
        return f"{file} is not in UTF-8: {error}"
    except OSError as error:
        return f"{file}: {error.strerror}"
    except RecursionError:
        return f"{file} is nested too deeply"
    except ValueError as error:  # such as a date in a month 13
        return f"{file}: {error}"
    if not isinstance(config, dict):
        return f"{file} has no keys, such as report, at its top level"
    if "__use_yte__" in config:  # makes Snakemake run expressions in it
        return f"{file}: '__use_yte__' was unexpected"
    return None
