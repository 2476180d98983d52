import * as fs from "node:fs";
import * as path from "node:path";
import type { ClusterInfo } from "../../../local/cluster";
import type { World } from "./world";

/** app/Dockerfile's base image may not be to be had here: the checkout names the embedded cluster's own, as `--build-arg` would. */
export function takeOwnBaseImage({ checkout }: World, { baseImage }: ClusterInfo): void {
  const file = path.join(checkout, "app/Dockerfile");
  const text = fs.readFileSync(file, "utf8");
  fs.writeFileSync(file, text.replace(/^ARG BASE_IMAGE=.*$/m, `ARG BASE_IMAGE=${baseImage}`));
}
