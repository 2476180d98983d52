/** Container Registry's hosts: https://cloud.ibm.com/docs/Registry?topic=Registry-registry_overview#registry_regions */
export const REGISTRY_HOSTS: Readonly<Record<string, string>> = {
  "au-syd": "au.icr.io",
  "br-sao": "br.icr.io",
  "ca-mon": "ca2.icr.io",
  "ca-tor": "ca.icr.io",
  "eu-de": "de.icr.io",
  "eu-es": "es.icr.io",
  "eu-gb": "uk.icr.io",
  "jp-osa": "jp2.icr.io",
  "jp-tok": "jp.icr.io",
  "us-east": "us.icr.io",
  "us-south": "us.icr.io",
};

/** The region of a data centre of classic infrastructure: https://cloud.ibm.com/docs/containers?topic=containers-regions-and-zones#zones-sz */
export function regionOfDatacenter(datacenter: string): string {
  const regions: Readonly<Record<string, string>> = {
    dal: "us-south",
    fra: "eu-de",
    lon: "eu-gb",
    syd: "au-syd",
    tok: "jp-tok",
    wdc: "us-east",
  };
  return regions[datacenter.slice(0, 3)] ?? "us-south";
}
