let offline = false;

/** Set once, before the program, by the offline run: targets then take what they would ask a cluster for as given. */
export function setOffline(value: boolean): void {
  offline = value;
}

export function isOffline(): boolean {
  return offline;
}
