/** A subnet as `docker network inspect` tells it. */
export interface Subnet {
  /** `172.17.0.0/16` */
  readonly Subnet?: string;
  readonly Gateway?: string;
}

/** The host's own IPv4 address in a bridge network; null: it has none. */
export function hostIn(subnets: readonly Subnet[]): string | null {
  const ipv4 = subnets.find(({ Subnet: subnet = '' }) => /^\d+\.\d+\.\d+\.\d+\/\d+$/.test(subnet));
  if (!ipv4) return null;
  // Docker keeps the gateway of a default bridge to itself until its first restart; it is the first address then.
  return ipv4.Gateway ?? firstOf(ipv4.Subnet ?? '');
}

function firstOf(subnet: string): string {
  const [network = ''] = subnet.split('/');
  return network.replace(/\d+$/, (last) => String(Number(last) + 1));
}
