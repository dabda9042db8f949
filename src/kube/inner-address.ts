import { BlockList, isIP } from 'node:net';

/**
 * What a host of a URL is to the machine that connects to it: `loopback` for that machine itself, `inner` for what only
 * it can reach: link-local addresses, among which clouds serve the credentials of the machine, and the unspecified one.
 * Undefined for every other host. A name is judged by itself; nothing is looked up. Pure.
 */
export const innerAddress = (hostname: string): 'loopback' | 'inner' | undefined => {
  const host = canonical(hostname);
  if (host === undefined) return 'inner';
  const family = isIP(host);
  if (family === 0) {
    if (/^(localhost|ip6-localhost|ip6-loopback)$|\.localhost$|^localhost\.localdomain$/.test(host))
      return 'loopback';
    return METADATA_NAMES.has(host) ? 'inner' : undefined;
  }
  const type = family === 4 ? 'ipv4' : 'ipv6';
  if (LOOPBACK.check(host, type)) return 'loopback';
  return INNER.check(host, type) ? 'inner' : undefined;
};

const blockList = (...subnets: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [address = '', bits = ''] = subnet.split('/');
    list.addSubnet(address, Number(bits), isIP(address) === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
};

// An IPv4 address that is written as an IPv6 one (mapped) is checked by the rules for IPv4 as well.
const LOOPBACK = blockList('127.0.0.0/8', '::1/128');
const INNER = blockList(
  '0.0.0.0/8',
  '169.254.0.0/16',
  'fe80::/10',
  // Of old, an IPv4 address behind zeros; :: itself is one of them.
  '::/96',
  // The same through NAT64.
  '64:ff9b::7f00:0/104',
  '64:ff9b::a9fe:0/112',
  // Metadata services that are not link-local: AWS by IPv6, Azure, Alibaba.
  'fd00:ec2::254/128',
  '168.63.129.16/32',
  '100.100.100.200/32',
);
const METADATA_NAMES: ReadonlySet<string> = new Set([
  'metadata',
  'metadata.google.internal',
  'instance-data',
]);

// `0x7f.1` and `2130706433` are addresses too, and to a URL of http they are; to one of socks5 they are names.
const canonical = (hostname: string): string | undefined => {
  const url = `http://${hostname}`;
  if (!URL.canParse(url)) return undefined;
  return new URL(url).hostname.replace(/^\[|\]$|\.$/g, '').toLowerCase();
};
