/** A bundle of its own, loaded once HTTP is served: its libraries would cost the start 40 ms. */
export { startGrpc } from "./transports/grpc";
