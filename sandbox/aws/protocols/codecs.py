"""One codec per protocol: a request to parameters, and an answer or an error to HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from sandbox.aws.http import HttpAnswer, HttpRequest
from sandbox.aws.protocols import cbor, cbor_body, json_body, query_form, xml_body
from sandbox.aws.protocols.query_compatibility import fault, query_code, query_error_header, shape_name
from sandbox.aws.protocols.wire import from_text, to_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import OperationModel, Shape, StructureShape

    from sandbox.aws.errors import AwsError

RPC_V2_CBOR = "rpc-v2-cbor"


class Codec(Protocol):
    protocol: str

    def decode(self, request: HttpRequest, model: OperationModel) -> dict[str, Any]:
        """Return the parameters; raises MalformedRequestError."""

    def encode(self, model: OperationModel, answer: Mapping[str, Any], request_id: str) -> HttpAnswer: ...

    def error(self, error: AwsError, model: OperationModel | None, request_id: str) -> HttpAnswer: ...


class JsonCodec:
    """json 1.0 and 1.1."""

    protocol = "json"

    def __init__(self, version: str) -> None:
        self._content_type = f"application/x-amz-json-{version}"

    def decode(self, request: HttpRequest, model: OperationModel) -> dict[str, Any]:
        value = json_body.parse(request.body)
        return dict(json_body.decode(model.input_shape, value)) if model.input_shape else {}

    def encode(self, model: OperationModel, answer: Mapping[str, Any], request_id: str) -> HttpAnswer:
        body = json_body.dump(json_body.encode(model.output_shape, answer)) if model.output_shape else b""
        return HttpAnswer(status=200, headers=self._headers(request_id), body=body)

    def error(self, error: AwsError, model: OperationModel | None, request_id: str) -> HttpAnswer:
        headers = self._headers(request_id) | query_error_header(error, model)
        body = {"__type": shape_name(error, model), "message": error.message, **error.members}
        return HttpAnswer(status=error.http, headers=headers, body=json_body.dump(body))

    def _headers(self, request_id: str) -> dict[str, str]:
        return {"Content-Type": self._content_type, "x-amzn-RequestId": request_id}


class CborCodec:
    """rpc-v2-cbor."""

    protocol = RPC_V2_CBOR

    def decode(self, request: HttpRequest, model: OperationModel) -> dict[str, Any]:
        value = cbor_body.parse(request.body)
        return dict(cbor_body.decode(model.input_shape, value)) if model.input_shape else {}

    def encode(self, model: OperationModel, answer: Mapping[str, Any], request_id: str) -> HttpAnswer:
        headers = {"smithy-protocol": RPC_V2_CBOR, "x-amzn-RequestId": request_id}
        if model.output_shape is None:
            return HttpAnswer(status=200, headers=headers)
        body = cbor.dumps(cbor_body.encode(model.output_shape, answer))
        return HttpAnswer(status=200, headers=headers | {"Content-Type": "application/cbor"}, body=body)

    def error(self, error: AwsError, model: OperationModel | None, request_id: str) -> HttpAnswer:
        headers = {
            "smithy-protocol": RPC_V2_CBOR,
            "Content-Type": "application/cbor",
            "x-amzn-RequestId": request_id,
        }
        space = f"com.amazonaws.{model.service_model.service_name}#" if model else ""
        body = {
            "__type": space + shape_name(error, model),
            "message": error.message,
            **error.members,
        }
        headers |= query_error_header(error, model)
        return HttpAnswer(status=error.http, headers=headers, body=cbor.dumps(body))


class QueryCodec:
    """Query: a form in, XML out."""

    protocol = "query"

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
            for name, value in (
                ("Type", fault(error)),
                ("Code", query_code(error)),
                ("Message", error.message),
            )
        )
        space = f' xmlns="{model.service_model.metadata["xmlNamespace"]}"' if model else ""
        content = xml_body.element("Error", inner) + xml_body.element("RequestId", request_id)
        return self._answer(error.http, xml_body.element("ErrorResponse", content, space), request_id)

    def _answer(self, status: int, body: str, request_id: str) -> HttpAnswer:
        headers = {"Content-Type": "text/xml", "x-amzn-RequestId": request_id}
        return HttpAnswer(status=status, headers=headers, body=body.encode())


class RestJsonCodec:
    """rest-json: parameters in the path, in headers and in the body."""

    protocol = "rest-json"

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
