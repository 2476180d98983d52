export { bentoml } from "./bentoml";
export { constant } from "./constant";
export * from "./contender";
export { flask } from "./flask";
export { granian } from "./granian";
export { litserve } from "./litserve";
export { mlserver } from "./mlserver";
export { AUTHORIZATION, NODE_FLAGS, ours, serverEnvironment } from "./ours";
