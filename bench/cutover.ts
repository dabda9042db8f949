// How much time a cutover adds to what the pods themselves need: seconds without a running application, less a floor
// that stops and starts the same workloads with bare patches at the same concurrency in the same run.

import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startLocalPair } from '../test/cluster/harness.ts';
import { delayedKubeconfig } from './delay.ts';

const { values } = parseArgs({
  options: {
    workloads: { type: 'string', default: '50' },
    'delay-ms': { type: 'string', default: '0' },
    rounds: { type: 'string', default: '3' },
    hold: { type: 'string', default: '0s' },
  },
});
const count = Number(values.workloads);
const delayMs = Number(values['delay-ms']);
const CONCURRENCY = 16;
const NAMESPACE = 'bench';

const pair = await startLocalPair();
const closers: (() => Promise<void>)[] = [() => pair.stop()];
try {
  const { kubeconfig, close } = await delayedKubeconfig(pair, delayMs);
  closers.unshift(close);
  await fill();
  await dr(kubeconfig, ['stage']);
  console.log(`${count} workloads, ${delayMs} ms round trip, hold ${values.hold}`);
  for (let round = 1; round <= Number(values.rounds); round++) {
    const floor = await bareFloor();
    const out = JSON.parse(await dr(kubeconfig, ['cutover', '--yes', '--hold', values.hold, '-o', 'json']));
    const steps = Object.fromEntries(
      out.steps.map((step: { id: string; seconds: number }) => [step.id, step.seconds]),
    );
    console.log(
      `round ${round}: without application ${out.rtoSeconds.toFixed(2)} s (stop ${steps.stop.toFixed(2)}, empty ${steps.empty.toFixed(2)}, start ${steps.start.toFixed(2)}); ` +
        `pods alone ${floor.toFixed(2)} s; added ${(out.rtoSeconds - floor).toFixed(2)} s; whole command ${out.seconds.toFixed(2)} s`,
    );
    await dr(kubeconfig, ['failback', '--yes', '--hold', '0s', '-o', 'json']);
    await dr(kubeconfig, ['stage']);
  }
} finally {
  for (const close of closers) await close();
}

async function fill(): Promise<void> {
  const { source } = pair;
  await source.api('POST', '/api/v1/namespaces', {
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
  });
  await bounded(count, (index) =>
    source.api('POST', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`, {
      body: deployment(`app-${index}`, 1),
    }),
  );
  await until(async () => (await ready('source')) === count);
}

// The same work with nothing else: scale every Deployment of the source to 0, wait, and back to 1, wait.
async function bareFloor(): Promise<number> {
  const started = performance.now();
  await scaleAll(0);
  await until(async () => (await pods('source')) === 0);
  const stopped = performance.now();
  await scaleAll(1);
  await until(async () => (await ready('source')) === count);
  return (stopped - started + (performance.now() - stopped)) / 1000;
}

function scaleAll(replicas: number): Promise<void> {
  return bounded(count, (index) =>
    pair.source.api('PATCH', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/app-${index}`, {
      body: { spec: { replicas } },
      contentType: 'application/merge-patch+json',
    }),
  );
}

async function pods(side: 'source' | 'dest'): Promise<number> {
  const { body } = await pair[side].api('GET', `/api/v1/namespaces/${NAMESPACE}/pods`);
  return body.items.length;
}

async function ready(side: 'source' | 'dest'): Promise<number> {
  const { body } = await pair[side].api('GET', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`);
  return body.items.filter(
    (item: { status?: { availableReplicas?: number } }) => item.status?.availableReplicas === 1,
  ).length;
}

async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await sleep(50);
}

async function bounded(items: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      while (next < items) await work(next++);
    }),
  );
}

function deployment(name: string, replicas: number) {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'app', image: 'registry.example.com/app:1' }],
        },
      },
    },
  };
}

function dr(kubeconfig: string, args: readonly string[]): Promise<string> {
  const names = [
    '--source-context',
    pair.source.context,
    '--dest-context',
    pair.dest.context,
    '-n',
    NAMESPACE,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['bin/dr-syncer.js', ...args, ...names], {
      env: { ...process.env, KUBECONFIG: kubeconfig },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.on('close', (code) =>
      code === 0 ? resolve(out) : reject(new Error(`${args[0]} ended with ${code}\n${err}${out}`)),
    );
  });
}
