import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../../test/cluster/api.ts';
import { ensureTools } from '../../test/cluster/binaries.ts';
import { startLocalPair } from '../../test/cluster/harness.ts';
import { readEndpoint, writeKubeconfig } from '../../test/cluster/kubeconfig.ts';
import type { Arena } from './contenders.ts';
import { mixedObjects } from './objects.ts';

/** Two running clusters with the objects in the source namespace, and the means to make fresh namespaces. */
export interface OpenArena extends Arena {
  readonly pids: readonly number[];
  /** Creates a namespace at the destination and waits until its service account is there. */
  createNamespace(name: string): Promise<void>;
  close(): Promise<void>;
}

export interface ArenaOptions {
  readonly objects: number;
  /** Round trip in ms that is added to both sides. */
  readonly delayMs: number;
  readonly concurrency: number;
}

/** Starts the clusters, the proxies if any, and creates the objects at the source. */
export const openArena = async (options: ArenaOptions): Promise<OpenArena> => {
  const { kubectl } = await ensureTools();
  const directory = mkdtempSync(join(tmpdir(), 'dr-syncer-bench-'));
  // A copy, so that a build meanwhile does not change what is measured.
  for (const part of ['bin', 'dist', 'package.json'])
    cpSync(part, join(directory, part), { recursive: true });
  const pair = await startLocalPair();
  const proxies: ChildProcess[] = [];
  const close = async (): Promise<void> => {
    for (const proxy of proxies) proxy.stdin?.end();
    await pair.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    let { kubeconfig } = pair;
    if (options.delayMs > 0) {
      kubeconfig = join(directory, 'delayed.kubeconfig');
      const entries = [pair.source, pair.dest].map(async ({ context, server }) => {
        const endpoint = readEndpoint(pair.kubeconfig, context);
        return { ...endpoint, context, server: await startProxy(proxies, server, options.delayMs / 2) };
      });
      writeKubeconfig(kubeconfig, await Promise.all(entries));
    }
    const sourceNamespace = 'bench-source';
    await createNamespace(pair.source.api, sourceNamespace);
    await createObjects(pair.source.api, options.objects, sourceNamespace);
    return {
      directory,
      kubeconfig,
      kubectl,
      sourceNamespace,
      sourceContext: pair.source.context,
      destContext: pair.dest.context,
      concurrency: options.concurrency,
      pids: pair.session.pids(),
      createNamespace: (name) => createNamespace(pair.dest.api, name),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

const startProxy = async (proxies: ChildProcess[], server: string, oneWayMs: number): Promise<string> => {
  const script = join(import.meta.dirname, 'delay-proxy.ts');
  const child = spawn(process.execPath, [script, new URL(server).port, String(oneWayMs)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  proxies.push(child);
  const [port] = await once(child.stdout, 'data');
  return `https://127.0.0.1:${String(port).trim()}`;
};

const createNamespace = async (api: Api, name: string): Promise<void> => {
  await must(api, 'POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  for (;;) {
    const paths = ['serviceaccounts/default', 'configmaps/kube-root-ca.crt'];
    const answers = await Promise.all(paths.map((path) => api('GET', `/api/v1/namespaces/${name}/${path}`)));
    if (answers.every(({ status }) => status === 200)) return;
    await sleep(50);
  }
};

const createObjects = async (api: Api, count: number, namespace: string): Promise<void> => {
  const waiting = mixedObjects(count, namespace)[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const { path, body } of waiting) await must(api, 'POST', path, body);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
};

const must = async (api: Api, method: string, path: string, body: object): Promise<void> => {
  const answer = await api(method, path, { body, timeoutMs: 60_000 });
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body?.message}`);
};
