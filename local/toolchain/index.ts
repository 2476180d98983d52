export { purgeCache, withLock } from "./cache";
export { ensureTools, type EnsureOptions, type Tool } from "./ensure";
export { toolEnvironment } from "./environment";
export { ensureStandIns, pulumiHome, type StandIns } from "./stand-ins";
export { toolTable, type ToolName, type ToolSpec } from "./table";
