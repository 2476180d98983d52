export { startGrpc, type GrpcOptions, type GrpcTransport } from "./server";
