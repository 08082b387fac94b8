"""YAML in which nothing is said twice: people would sign the first, a program would use the last."""

from __future__ import annotations

from typing import Any

from samdrift_evaluation.errors import EvaluationError


class SaidTwiceError(EvaluationError):
    """The YAML document says a thing twice. Which one holds? Remove the other."""


class NotYamlError(EvaluationError):
    """This is not YAML. Correct it, and mind the indentation."""


def load(text: bytes) -> Any:
    """The document in `text`, of plain values only.

    Raises:
        SaidTwiceError: a key stands twice in one mapping; `field` names it.
        NotYamlError: it is not YAML, or nested too deeply.
    """
    import yaml

    class OnceLoader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
        """Refuses a key that stands there twice."""

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
            if twice := sorted({str(key) for key in keys if keys.count(key) > 1}):
                raise SaidTwiceError(f"It says {', '.join(twice)} twice. Which one holds?", field=twice[0])
            return super().construct_mapping(node, deep=deep)

    try:
        return yaml.load(text, OnceLoader)  # noqa: S506 - it is a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise NotYamlError from error
