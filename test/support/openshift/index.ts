export { imageRegistry } from "./registry/registry";
export { Api } from "./api";
export { type OpenShift, type OpenShiftOptions, startOpenShift } from "./start";
export { provideBuilderImage } from "./builder-image";
