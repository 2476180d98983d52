/** A bundle of its own, loaded when traces are wanted: its libraries would cost every start 20 ms and 5 MB. */
export { createTracing } from "./observability/opentelemetry";
