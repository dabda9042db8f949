import { BlockList, isIP } from 'node:net';

/**
 * The proxy that the environment names for a server, as kubectl reads HTTPS_PROXY, HTTP_PROXY and NO_PROXY (in either
 * case): never for this machine itself. Undefined without one. Pure.
 */
export const proxyFor = (
  server: string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined => {
  if (!URL.canParse(server)) return undefined;
  const { protocol, hostname, port } = new URL(server);
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const name = protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const proxy = env[name] || env[name.toLowerCase()];
  if (!proxy || isLoopback(host)) return undefined;
  const exempt = (env['NO_PROXY'] || env['no_proxy'] || '')
    .split(',')
    .map((item) => item.trim().toLowerCase());
  const target = { host, port: port || (protocol === 'https:' ? '443' : '80') };
  if (exempt.some((item) => item !== '' && covers(item, target))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
};

const isLoopback = (host: string): boolean =>
  host === 'localhost' || inSubnet(host, '127.0.0.0/8') || host === '::1';

// `*`, an address, a subnet, `example.com` with what is below it, `.example.com` for what is below it alone; all but
// the first with a port if need be.
const covers = (item: string, { host, port }: { host: string; port: string }): boolean => {
  if (item === '*') return true;
  if (item.includes('/')) return inSubnet(host, item);
  const [, name = item, itemPort] = isIP(item) === 6 ? [] : (/^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(item) ?? []);
  if (itemPort !== undefined && itemPort !== port) return false;
  if (isIP(name) !== 0) return name === host;
  const domain = name.replace(/^\*(?=\.)/, '');
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
};

const inSubnet = (host: string, subnet: string): boolean => {
  const [address = '', bits = ''] = subnet.split('/');
  const [family, own] = [isIP(address), isIP(host)];
  if (family === 0 || family !== own || !/^\d+$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128))
    return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(address, Number(bits), type);
  return list.check(host, type);
};
