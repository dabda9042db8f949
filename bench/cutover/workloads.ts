import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../test/cluster/cluster.ts';
import { readEndpoint } from '../../test/cluster/kubeconfig.ts';
import { type Live, watchDeployments } from './availability.ts';

/** The Deployments of one namespace, handled with bare requests. */
export interface Workloads {
  /** Makes the namespace and its Deployments, with one pod each, and waits until they are available. */
  fill(): Promise<void>;
  /**
   * What stopping and starting takes by itself: scales all Deployments to 0, waits for the last pod's end, scales them
   * to 1, and waits until they are available. Returns seconds.
   */
  floor(): Promise<number>;
}

/** As many requests at once as dr-syncer sends. */
export const CONCURRENCY = 16;

export const workloadsOf = (
  { api, kubeconfig, context }: Cluster,
  namespace: string,
  count: number,
): Workloads => {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const scaleAll = (replicas: number): Promise<void> =>
    bounded(count, (index) =>
      api('PATCH', `${path}/app-${index}`, {
        body: { spec: { replicas } },
        contentType: 'application/merge-patch+json',
      }),
    );
  const untilGone = (): Promise<void> =>
    until(
      async () => (await api('GET', `/api/v1/namespaces/${namespace}/pods?limit=1`)).body.items.length === 0,
    );
  const untilAvailable = async (): Promise<void> => {
    const { body } = await api('GET', path, { timeoutMs: 60_000 });
    const available = new Set<string>();
    const watching = new AbortController();
    const look = (live: Live): void => {
      if (live.status?.availableReplicas === 1) available.add(live.metadata.name);
      else available.delete(live.metadata.name);
    };
    body.items.forEach(look);
    const endpoint = readEndpoint(kubeconfig, context);
    watchDeployments(endpoint, path, body.metadata.resourceVersion, look, watching.signal);
    await until(async () => available.size === count);
    watching.abort();
  };
  return {
    fill: async () => {
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
      await api('POST', '/api/v1/namespaces', { body });
      await bounded(count, (index) => api('POST', path, { body: deployment(`app-${index}`) }));
      await untilAvailable();
    },
    floor: async () => {
      const started = performance.now();
      await scaleAll(0);
      await untilGone();
      await scaleAll(1);
      await untilAvailable();
      return (performance.now() - started) / 1000;
    },
  };
};

const until = async (check: () => Promise<boolean>): Promise<void> => {
  while (!(await check())) await sleep(50);
};

const bounded = async (items: number, work: (index: number) => Promise<unknown>): Promise<void> => {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items) await work(next++);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
};

const deployment = (name: string) => {
  const labels = { app: name };
  const containers = [{ name: 'app', image: 'registry.example.com/app:1' }];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers } },
    },
  };
};
