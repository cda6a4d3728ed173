"""Runs a workflow with a file over HTTP. The OpenAPI document of the server checks each request and answer."""

import json
import sys
from urllib.request import Request, urlopen

from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from openapi_core.validation.request.exceptions import InvalidRequestBody

# One pixel.
PICTURE = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

url, key, workflow = sys.argv[1:]
headers = {"X-API-KEY": key}
with urlopen(Request(url + "/api/v1/openapi.json", headers=headers)) as response:
    api = OpenAPI.from_dict(json.load(response))


def ask(method, path, inputs=None):
    data = None if inputs is None else json.dumps(inputs).encode()
    sent = {**headers, "Prefer": "wait=60"}
    if data:
        sent["Content-Type"] = "application/json"
    request = MockRequest(url, method.lower(), path, headers=sent, data=data, content_type="application/json")
    api.validate_request(request)
    with urlopen(Request(url + path, data, sent, method=method)) as response:
        body = response.read()
        answer = MockResponse(body, response.status, dict(response.headers), response.headers["content-type"])
    api.validate_response(request, answer)
    return json.loads(body)["data"]


run = ask("POST", f"/api/v1/workflows/{workflow}/runs", {"prompt": "in oil", "image_input": PICTURE})
assert run["status"] == "completed", run
again = ask("GET", f"/api/v1/runs/{run['run_id']}")
with urlopen(again["outputs"][0]["url"]) as response:
    assert response.read(8) == b"\x89PNG\r\n\x1a\n"
try:
    ask("POST", f"/api/v1/workflows/{workflow}/runs", {"prompt": 7})
except InvalidRequestBody:
    pass
else:
    raise SystemExit("a wrong input was sent")
