export { Api } from "./api";
export { provideBuilderImage } from "./builder-image";
export { imageRegistry } from "./registry/registry";
export { type OpenShift, type OpenShiftOptions, startOpenShift } from "./start";
