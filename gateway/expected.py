"""Puts what pydantic finds wrong with a setting, a key file or a body into this service's words: what was expected, never what was there."""

from __future__ import annotations

from pydantic_core import ErrorDetails


def expected(problem: ErrorDetails) -> str:
    """The words for one entry of `ValidationError.errors(include_input=False)`."""
    bounds = problem.get("ctx", {})
    match problem["type"]:
        case "missing":
            return "nothing, expected a value"
        case "extra_forbidden":
            return "unknown, expected nothing of this name"
        case "json_invalid":
            return "expected JSON"
        case "int_parsing" | "int_type" | "int_from_float":
            return "expected a whole number"
        case "float_parsing" | "float_type" | "finite_number":
            return "expected a number"
        case "greater_than_equal":
            return f"expected at least {bounds['ge']:g}"
        case "greater_than":
            return f"expected more than {bounds['gt']:g}"
        case "less_than_equal":
            return f"expected at most {bounds['le']:g}"
        case "too_short":
            return f"expected {bounds['min_length']} or more"
        case "literal_error":
            return f"expected {bounds['expected']}"
        case "string_pattern_mismatch":
            return f"expected what fits {bounds['pattern']}"
        case "string_type":
            return "expected a text"
        case "string_too_short":
            return f"expected a text of at least {bounds['min_length']}"
        case "string_too_long":
            return f"expected a text of at most {bounds['max_length']}"
        case "too_long":
            return f"expected at most {bounds['max_length']}"
        case "bool_type" | "bool_parsing":
            return "expected true or false"
        case "union_tag_invalid":
            return f"expected one of {bounds['expected_tags']}"
        case "union_tag_not_found":
            return f"expected a JSON object with {bounds['discriminator']}"
        case "timezone_aware":
            return "expected an instant with a zone, such as 2027-03-10T09:00:00Z"
        case "tuple_type":
            return "expected a JSON list"
        case "dict_type" | "model_type" | "model_attributes_type":
            return "expected a JSON object"
        case _:
            return problem["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
