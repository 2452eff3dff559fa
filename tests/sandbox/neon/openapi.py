"""Neon's OpenAPI document as a judge of answers. The variable `NEON_OPENAPI` says where it is."""

import json
import re
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

VARIABLE = "NEON_OPENAPI"
_URI = "urn:neon"


class Document:
    """The document, and which answers were held against it."""

    def __init__(self, path: Path) -> None:
        self._document = json.loads(path.read_text())
        self._registry: Registry[Any] = Registry().with_resource(
            _URI, Resource.from_contents(self._document, default_specification=DRAFT202012)
        )
        self.judged: set[tuple[str, str, int]] = set()

    @cached_property
    def _paths(self) -> list[tuple[re.Pattern[str], str]]:
        """Literal paths before those with parameters, as a router tries them."""
        paths = sorted(self._document["paths"], key=lambda path: path.count("{"))
        return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in paths]

    async def judge(self, response: httpx.Response) -> None:
        """Raises AssertionError for an answer of the API that is not as the document says."""
        _, found, path = response.request.url.path.partition("/api/v2")
        template = next((template for pattern, template in self._paths if pattern.fullmatch(path)), None)
        if not found or template is None or response.status_code == 405:
            return
        await response.aread()
        method, status = response.request.method.lower(), response.status_code
        if not response.headers.get("Content-Type", "").startswith("application/json"):
            return
        try:
            answer = response.json()
        except json.JSONDecodeError:
            return  # an injected truncation, which a test looks at itself
        schema = self._schema(template, method, status)
        problems = [error.message for error in self._validator(schema).iter_errors(answer)]
        assert not problems, f"{method} {template} {status}: {problems[:3]}"
        self.judged.add((method, template, status))

    def _schema(self, template: str, method: str, status: int) -> str:
        responses = self._document["paths"][template][method]["responses"]
        if status >= 400:
            return "#/components/schemas/GeneralError"
        assert str(status) in responses, f"{method} {template} never answers {status}"
        place = f"#/paths/{template.replace('/', '~1')}/{method}/responses/{status}"
        place = responses[str(status)].get("$ref", place)
        return f"{place}/content/application~1json/schema"

    def _validator(self, place: str) -> Draft202012Validator:
        return Draft202012Validator(
            {"allOf": [{"$ref": _URI + place}], "unevaluatedProperties": False},
            registry=self._registry,
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        )
