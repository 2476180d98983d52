import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { createCgroups } from "../../../../../local/cluster/supervisor/cgroups";
import { removeTemporaryFolders, temporaryFolder } from "../../toolchain/support/temporary";

describe("the embedded cluster's control groups, version 2", () => {
  let root: string;
  let group: string;

  /** A made-up hierarchy: the root has these controllers, the group gets those. */
  beforeEach(() => {
    root = temporaryFolder();
    group = path.join(root, "modelport-test");
    fs.mkdirSync(group);
    has(root, "cpuset cpu io memory hugetlb pids rdma misc");
  });
  afterEach(removeTemporaryFolders);

  const has = (of: string, controllers: string) =>
    fs.writeFileSync(path.join(of, "cgroup.controllers"), `${controllers}\n`);
  const lastAsked = (of: string) =>
    fs.readFileSync(path.join(of, "cgroup.subtree_control"), "utf8");

  it("are handed down one by one, those alone that the kubelet wants", () => {
    has(group, "cpuset cpu memory hugetlb pids");
    createCgroups("modelport-test", root);
    // One write holds one controller: the kernel takes none where it can't have one of them.
    assert.equal(lastAsked(root), "+pids");
    assert.equal(lastAsked(group), "+pids");
  });

  it("may be had although the root group can't be changed", () => {
    fs.mkdirSync(path.join(root, "cgroup.subtree_control"));
    has(group, "cpuset cpu memory hugetlb pids");
    createCgroups("modelport-test", root);
    assert.equal(lastAsked(group), "+pids");
  });

  it("need not have what the machine hasn't", () => {
    has(root, "cpu memory pids");
    has(group, "cpu memory pids");
    createCgroups("modelport-test", root);
  });

  it("that lack one are an error which names it and says what to do", () => {
    has(group, "cpu memory pids");
    assert.throws(
      () => createCgroups("modelport-test", root),
      /does not hand down cpuset, hugetlb; in a container, .*--privileged --cgroupns=host/,
    );
  });
});
