"""One codec per protocol: a request to parameters, and an answer or an error to HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from sandbox.aws.http import HttpAnswer, HttpRequest
from sandbox.aws.protocols import json_body, query_form, xml_body
from sandbox.aws.protocols.wire import from_text, to_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import OperationModel, Shape, StructureShape

    from sandbox.aws.errors import AwsError

SERVER_ERRORS = 500


class Codec(Protocol):
    def decode(self, request: HttpRequest, model: OperationModel) -> dict[str, Any]:
        """Return the parameters; raises MalformedRequestError."""

    def encode(self, model: OperationModel, answer: Mapping[str, Any], request_id: str) -> HttpAnswer: ...

    def error(self, error: AwsError, model: OperationModel | None, request_id: str) -> HttpAnswer: ...


def _fault(error: AwsError) -> str:
    return "Receiver" if error.http >= SERVER_ERRORS else "Sender"


class JsonCodec:
    """json 1.0 and 1.1."""

    def __init__(self, version: str) -> None:
        self._content_type = f"application/x-amz-json-{version}"

    def decode(self, request: HttpRequest, model: OperationModel) -> dict[str, Any]:
        value = json_body.parse(request.body)
        return dict(json_body.decode(model.input_shape, value)) if model.input_shape else {}

    def encode(self, model: OperationModel, answer: Mapping[str, Any], request_id: str) -> HttpAnswer:
        body = json_body.dump(json_body.encode(model.output_shape, answer)) if model.output_shape else b""
        return HttpAnswer(status=200, headers=self._headers(request_id), body=body)

    def error(self, error: AwsError, model: OperationModel | None, request_id: str) -> HttpAnswer:
        headers = self._headers(request_id)
        code = error.code
        if model and "awsQueryCompatible" in model.service_model.metadata:
            headers["x-amzn-query-error"] = f"{code};{_fault(error)}"
            code = _shape_of(error, model)
        body = {"__type": code, "message": error.message, **error.members}
        return HttpAnswer(status=error.http, headers=headers, body=json_body.dump(body))

    def _headers(self, request_id: str) -> dict[str, str]:
        return {"Content-Type": self._content_type, "x-amzn-RequestId": request_id}


def _shape_of(error: AwsError, model: OperationModel) -> str:
    """Return the name of the error's shape, which JSON carries where query carries the code."""
    for shape in model.service_model.error_shapes:
        if cast("StructureShape", shape).error_code == error.code:
            return str(shape.name)
    return error.code


class QueryCodec:
    """Query: a form in, XML out."""

    def decode(self, request: HttpRequest, model: OperationModel) -> dict[str, Any]:
        tree = query_form.parse(request.body or request.target.partition("?")[2].encode())
        return dict(query_form.decode(model.input_shape, tree)) if model.input_shape else {}

    def encode(self, model: OperationModel, answer: Mapping[str, Any], request_id: str) -> HttpAnswer:
        result = ""
        if model.output_shape:
            wrapper = model.output_shape.serialization.get("resultWrapper", f"{model.name}Result")
            result = xml_body.element(wrapper, xml_body.members(model.output_shape, dict(answer)))
        metadata = xml_body.element("ResponseMetadata", xml_body.element("RequestId", request_id))
        space = f' xmlns="{model.service_model.metadata["xmlNamespace"]}"'
        body = xml_body.element(f"{model.name}Response", result + metadata, space)
        return self._answer(200, body, request_id)

    def error(self, error: AwsError, model: OperationModel | None, request_id: str) -> HttpAnswer:
        inner = "".join(
            xml_body.element(name, xml_body.text(value))
            for name, value in (("Type", _fault(error)), ("Code", error.code), ("Message", error.message))
        )
        space = f' xmlns="{model.service_model.metadata["xmlNamespace"]}"' if model else ""
        content = xml_body.element("Error", inner) + xml_body.element("RequestId", request_id)
        return self._answer(error.http, xml_body.element("ErrorResponse", content, space), request_id)

    def _answer(self, status: int, body: str, request_id: str) -> HttpAnswer:
        headers = {"Content-Type": "text/xml", "x-amzn-RequestId": request_id}
        return HttpAnswer(status=status, headers=headers, body=body.encode())


class RestJsonCodec:
    """rest-json: parameters in the path, in headers and in the body."""

    def __init__(self, path_parameters: Mapping[str, str]) -> None:
        self._path_parameters = path_parameters

    def decode(self, request: HttpRequest, model: OperationModel) -> dict[str, Any]:
        shape = cast("StructureShape", model.input_shape)
        payload = shape.serialization.get("payload")
        params: dict[str, Any] = {payload: request.body} if payload else {}
        for name, member in shape.members.items():
            found = self._located(request, member)
            if found is not None:
                params[name] = from_text(member, found)
        return params

    def _located(self, request: HttpRequest, member: Shape) -> str | None:
        name = str(member.serialization.get("name", ""))
        places: dict[str, Mapping[str, str]] = {
            "uri": self._path_parameters,
            "querystring": request.query,
        }
        if member.serialization.get("location") == "header":
            return request.headers.get(name.lower())
        return places.get(member.serialization.get("location", ""), {}).get(name)

    def encode(self, model: OperationModel, answer: Mapping[str, Any], request_id: str) -> HttpAnswer:
        shape = cast("StructureShape", model.output_shape)
        headers = {"x-amzn-RequestId": request_id}
        for name, member in shape.members.items():
            if name in answer and member.serialization.get("location") == "header":
                headers[member.serialization["name"]] = to_text(member, answer[name])
        payload = shape.serialization.get("payload", "")
        return HttpAnswer(status=200, headers=headers, body=answer.get(payload, b""))

    def error(self, error: AwsError, model: OperationModel | None, request_id: str) -> HttpAnswer:  # noqa: ARG002  one signature for all codecs
        headers = {
            "Content-Type": "application/json",
            "x-amzn-RequestId": request_id,
            "x-amzn-ErrorType": error.code,
        }
        body = json_body.dump({"Message": error.message, **error.members})
        return HttpAnswer(status=error.http, headers=headers, body=body)
