import assert from "node:assert/strict";
import { localise, type Place } from "../../../../cli/dev/references";

const PLACES: Place[] = [
  {
    name: "spam",
    namespace: "modelport-dev",
    host: "127.0.0.1",
    ports: new Map([
      [80, 8090],
      [8081, 8091],
    ]),
  },
  { name: "web", namespace: "front", host: "127.0.0.1", ports: new Map([[80, 3000]]) },
];

describe("addresses of a stack's services on this machine", () => {
  const same: [string, string][] = [
    ["http://spam", "http://127.0.0.1:8090"],
    ["http://spam/predict?a=b", "http://127.0.0.1:8090/predict?a=b"],
    ["http://spam:80/", "http://127.0.0.1:8090/"],
    ["http://spam.modelport-dev", "http://127.0.0.1:8090"],
    ["http://spam.modelport-dev.svc/x", "http://127.0.0.1:8090/x"],
    ["http://spam.modelport-dev.svc.cluster.local:80", "http://127.0.0.1:8090"],
    ["grpc://spam:8081", "grpc://127.0.0.1:8091"],
    ["spam:8081", "127.0.0.1:8091"],
    ["web.front:80", "127.0.0.1:3000"],
    ["http://spam/a,http://web/b", "http://127.0.0.1:8090/a,http://127.0.0.1:3000/b"],
    ['{"url": "http://web"}', '{"url": "http://127.0.0.1:3000"}'],
  ];
  for (const [value, wanted] of same)
    it(`${value} is found here`, () => assert.equal(localise(value, PLACES), wanted));

  for (const value of [
    "spam",
    "http://spam.example.com",
    "http://spam-2/",
    "http://spammer",
    "http://spam.front",
    "http://spam:9999",
    "http://my.spam",
    "https://user@spam",
    "spam:8081 and more",
    "",
  ])
    it(`${JSON.stringify(value)} is left alone`, () =>
      assert.equal(localise(value, PLACES), value));

  it("are the machine's own name inside a container that has its own network", () =>
    assert.equal(
      localise(
        "http://spam",
        PLACES.map((place) => ({ ...place, host: "host.docker.internal" })),
      ),
      "http://host.docker.internal:8090",
    ));
});
