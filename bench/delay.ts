import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalCluster, Pair } from '../test/cluster/harness.ts';
import { readEndpoint, writeKubeconfig } from '../test/cluster/kubeconfig.ts';

/** A kubeconfig for a pair whose servers answer `roundTripMs` later; without a delay it is the pair's own. */
export const delayedKubeconfig = async (
  pair: Pair<LocalCluster>,
  roundTripMs: number,
): Promise<{ kubeconfig: string; close(): Promise<void> }> => {
  if (roundTripMs === 0) return { kubeconfig: pair.kubeconfig, close: async () => undefined };
  const directory = mkdtempSync(join(tmpdir(), 'dr-syncer-delay-'));
  const proxies: ChildProcess[] = [];
  const kubeconfig = join(directory, 'kubeconfig');
  const entries = [pair.source, pair.dest].map(async ({ context, server }) => ({
    ...readEndpoint(pair.kubeconfig, context),
    context,
    server: await startProxy(proxies, server, roundTripMs / 2),
  }));
  writeKubeconfig(kubeconfig, await Promise.all(entries));
  return {
    kubeconfig,
    close: async () => {
      for (const proxy of proxies) proxy.stdin?.end();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

const startProxy = async (proxies: ChildProcess[], server: string, oneWayMs: number): Promise<string> => {
  const script = join(import.meta.dirname, 'stage', 'delay-proxy.ts');
  const child = spawn(process.execPath, [script, new URL(server).port, String(oneWayMs)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  proxies.push(child);
  const [port] = await once(child.stdout, 'data');
  return `https://127.0.0.1:${String(port).trim()}`;
};
