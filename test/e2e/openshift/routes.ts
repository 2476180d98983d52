import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { makeCertificate } from "../../support/certificate";
import { deploy, replaced, rolledOut } from "./deployments";
import { whenThere } from "./when-there";
import { DOMAIN, type OpenShiftPlace, ROUTER } from "./place";
import { admitted, ask, makeRoute, routePath, verdict } from "./router";

/** How Routes lead to the pods that the constraints have let in. */
export function routes(start: () => OpenShiftPlace): void {
  describe("routes", () => {
    let place: OpenShiftPlace;
    before(() => {
      place = start();
    });

    it("get a host below the router's domain, which leads to it", async () => {
      const route = await admitted(place, "team", "app");
      const [ingress] = route.status?.ingress ?? [];
      assert.equal(route.spec.host, `app-team.${DOMAIN}`);
      assert.equal(ingress?.host, route.spec.host);
      assert.equal(ingress.routerCanonicalHostname, `router-default.${DOMAIN}`);
      const lines = fs.readFileSync(place.hosts, "utf8").split("\n");
      assert.ok(lines.includes(`${ROUTER} app-team.${DOMAIN}`), lines.join());
    });

    it("answer 503 for a Service without pods, and for nobody's host", async () => {
      await makeRoute(place, "team", "nothing", {});
      await admitted(place, "team", "nothing");
      for (const host of [`nothing-team.${DOMAIN}`, "elsewhere.example.org"]) {
        const { status, body } = await ask(`http://${host}/`);
        assert.equal(status, 503);
        assert.match(body, /Application is not available/);
      }
    });

    it("end TLS with the router's certificate, and redirect plain HTTP", async () => {
      const tls = { termination: "edge", insecureEdgeTerminationPolicy: "Redirect" };
      await makeRoute(place, "team", "secure", { to: "app", tls });
      await admitted(place, "team", "secure");
      const plain = await whenThere(async () => {
        const answer = await ask(`http://secure-team.${DOMAIN}/path?query`);
        return answer.status === 503 ? undefined : answer;
      });
      assert.equal(plain.status, 302);
      assert.equal(plain.headers.location, `https://secure-team.${DOMAIN}/path?query`);
      const { status, body } = await ask(
        `https://secure-team.${DOMAIN}/`,
        place.authority.certificate,
      );
      assert.equal(status, 200, body);
      const { headers } = JSON.parse(body) as { headers: Record<string, string> };
      assert.equal(headers["x-forwarded-proto"], "https");
      assert.equal(headers["host"], `secure-team.${DOMAIN}`);
    });

    it("end TLS with a certificate of their own, by SNI, and no plain HTTP", async () => {
      const host = "predict.example.org";
      const own = makeCertificate([host]);
      const tls = { termination: "edge", ...own };
      await makeRoute(place, "team", "own", { to: "app", host, tls });
      await admitted(place, "team", "own");
      const secure = await whenThere(async () => {
        const answer = await ask(`https://${host}/`, own.certificate).catch(() => undefined);
        return answer?.status === 200 ? answer : undefined;
      });
      assert.match(secure.body, /"user"/);
      assert.equal((await ask(`http://${host}/`)).status, 503);
      await assert.rejects(ask(`https://${host}/`, place.authority.certificate), /certificate/);
    });

    it("refuse a key that isn't the certificate's", async () => {
      const host = "wrong.example.org";
      const { certificate } = makeCertificate([host]);
      const { key } = makeCertificate([host]);
      await makeRoute(place, "team", "wrong", {
        to: "app",
        host,
        tls: { termination: "edge", certificate, key },
      });
      const condition = await verdict(place, "team", "wrong");
      assert.deepEqual([condition.status, condition.reason], ["False", "ExtendedValidationFailed"]);
    });

    it("have a host to themselves, until it is free", async () => {
      await makeRoute(place, "other", "claim", { host: `app-team.${DOMAIN}` });
      const { status, reason, message } = await verdict(place, "other", "claim");
      assert.deepEqual([status, reason], ["False", "HostAlreadyClaimed"]);
      assert.match(message ?? "", /a route in another namespace holds app-team\S+ and is older/);
      await makeRoute(place, "team", "free", { host: "free.example.org" });
      await admitted(place, "team", "free");
      // Ages are told in seconds.
      await sleep(1_100);
      await makeRoute(place, "other", "next", { host: "free.example.org" });
      assert.equal((await verdict(place, "other", "next")).status, "False");
      await place.api.delete(routePath("team", "free"));
      await admitted(place, "other", "next");
    });

    it("lose no request while pods are replaced", async () => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
      const failures: string[] = [];
      let answered = 0;
      let rolling = true;
      const client = async () => {
        while (rolling) {
          const answer = await ask(`http://app-team.${DOMAIN}/`, undefined, agent).catch(String);
          if (typeof answer === "string" || answer.status !== 200)
            failures.push(typeof answer === "string" ? answer : `${answer.status}`);
          else answered++;
        }
      };
      const clients = Promise.all([client(), client(), client(), client()]);
      try {
        await deploy(place, "team", "app", { generation: "2" });
        await rolledOut(place, "team", "app");
        await replaced(place, "team", "app");
      } finally {
        rolling = false;
        await clients;
        agent.destroy();
      }
      assert.deepEqual(failures, []);
      assert.ok(answered > 100, `${answered} answers`);
    });
  });
}
