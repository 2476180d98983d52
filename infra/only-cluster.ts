/** Environment variable that ends the program after the cluster: for a new login to it, services need no plan, image or proof. */
export const ONLY_CLUSTER = "MODELPORT_ONLY_CLUSTER";
