import { Worlds } from "./worlds";

/** The worlds of all tests of a mocha run: each kind is made once, by who wants it first, and ended when all are done. */
export const worlds = new Worlds();

after(() => worlds.stop());
