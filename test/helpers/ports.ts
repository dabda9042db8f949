import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { listJson } from '../cluster/client.ts';

/** Node ports of 31500-32500 that no Service of either cluster has at the moment. */
export const freeNodePorts = async (count: number): Promise<number[]> => {
  const services = (await Promise.all([listJson('source', 'Service'), listJson('dest', 'Service')])).flat();
  const taken = new Set(
    services.flatMap(({ spec }) => [
      spec.healthCheckNodePort,
      ...(spec.ports ?? []).map((port: { nodePort?: number }) => port.nodePort),
    ]),
  );
  const ports: number[] = [];
  while (ports.length < count) {
    const port = 31_500 + Math.floor(Math.random() * 1000);
    if (!taken.has(port)) ports.push(port);
    taken.add(port);
  }
  return ports;
};

/** A TCP port of this machine that nothing listens on at the moment. */
export const freePort = async (): Promise<number> => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};
