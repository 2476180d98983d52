export { createRoutes } from "./create-routes";
export type { Call, Endpoint, Handler, Match, Protocol, Reply } from "./endpoint";
export { plain, openInference, tensorflow } from "./protocols";
export { Router } from "./router";
