import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Api, createApi } from './api.ts';
import type { Tools } from './binaries.ts';
import { type ControlPlane, commandLines } from './control-plane.ts';
import { type KubectlRun, runKubectl } from './kubectl.ts';
import { type KeyPair, writePki } from './pki.ts';
import type { Running } from './processes.ts';
import { seed, seeded } from './seed.ts';
import type { Session } from './session.ts';
import type { Identity } from './x509.ts';

/** A cluster that tests can use, ours or somebody else's. */
export interface Cluster {
  readonly context: string;
  readonly kubeconfig: string;
  readonly api: Api;
  kubectl(args: readonly string[], options?: { stdin?: string }): Promise<KubectlRun>;
}

/** A cluster that this process runs, with the means to break it. */
export interface LocalCluster extends Cluster {
  readonly server: string;
  readonly workdir: string;
  readonly caFile: string;
  /** Signs more client certificates, such as expired ones. */
  readonly ca: Identity;
  readonly admin: KeyPair;
  /** Freezes the API server: connections are accepted and never answered. */
  pauseApiServer(): void;
  resumeApiServer(): void;
  /** Ends the API server at once: connections are refused. */
  killApiServer(): Promise<void>;
  /** Starts it again on the same port with the same data, and waits until it is ready. */
  startApiServer(): Promise<void>;
}

/**
 * Runs a cluster inside `session` and resolves when it is ready for tests (see seed.ts for what it holds).
 * Throws an Error with the end of the logs when it does not come up in 90 seconds.
 */
export async function runCluster(
  session: Session,
  tools: Tools,
  context: string,
  index = 0,
): Promise<LocalCluster> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await bringUp(session, tools, context, index, attempt);
    } catch (error) {
      // Between the look for a free port and its use another process can take it.
      if (attempt === 3 || !String(error).includes('address already in use')) {
        throw error;
      }
    }
  }
}

const UP_MS = 300_000;
const STAGES = join(import.meta.dirname, 'kwok.yaml');

async function bringUp(
  session: Session,
  tools: Tools,
  context: string,
  index: number,
  attempt: number,
): Promise<LocalCluster> {
  const workdir = join(session.root, `${context}-${attempt}`);
  mkdirSync(workdir);
  const port = await freePort();
  const server = `https://127.0.0.1:${port}`;
  const pki = writePki(workdir, context, server);
  const plane: ControlPlane = { workdir, pki, port, serviceCidr: `10.${96 + index}.0.0/16`, stages: STAGES };
  const api = createApi({
    server,
    ca: readFileSync(pki.caFile, 'utf8'),
    cert: readFileSync(pki.admin.certFile, 'utf8'),
    key: readFileSync(pki.admin.keyFile, 'utf8'),
  });
  const start = (name: keyof typeof commandLines): Running =>
    session.launch(name, tools[name], commandLines[name](plane), join(workdir, `${name}.log`));
  const running: Running[] = [];
  const until = (what: string, check: () => Promise<boolean>): Promise<void> =>
    waitFor(`${what} in ${context}`, check, () => running.find((one) => !one.isAlive())?.name, workdir);
  const isReady = async (): Promise<boolean> =>
    (await api('GET', '/readyz', { timeoutMs: 2000 })).status === 200;
  try {
    running.push(start('etcd'), start('kube-apiserver'));
    // The controller manager gives up after ten seconds if the API server is up but not healthy yet.
    await until('API server', async () => (await api('GET', '/healthz', { timeoutMs: 2000 })).status === 200);
    running.push(start('kube-controller-manager'), start('kube-scheduler'), start('kwok'));
    await until('/readyz', isReady);
    await seed(api, context);
    await until('ready nodes and volumes', () => seeded(api));
  } catch (error) {
    await Promise.all(running.map((one) => one.end()));
    throw error;
  }
  const find = (): Running => running[1] as Running;
  return {
    context,
    kubeconfig: pki.adminKubeconfig,
    api,
    kubectl: (args, options = {}) => runKubectl(tools.kubectl, pki.adminKubeconfig, context, args, options),
    server,
    workdir,
    caFile: pki.caFile,
    ca: pki.ca,
    admin: pki.admin,
    pauseApiServer: () => find().signal('SIGSTOP'),
    resumeApiServer: () => find().signal('SIGCONT'),
    killApiServer: () => find().end(),
    startApiServer: async () => {
      running[1] = start('kube-apiserver');
      await until('/readyz', isReady);
    },
  };
}

async function waitFor(
  what: string,
  check: () => Promise<boolean>,
  fallen: () => string | undefined,
  workdir: string,
): Promise<void> {
  const deadline = Date.now() + UP_MS;
  let last = '';
  while (Date.now() < deadline) {
    const died = fallen();
    if (died) {
      throw new Error(`${died} ended while the harness waited for ${what}.\n${tails(workdir)}`);
    }
    try {
      if (await check()) {
        return;
      }
    } catch (error) {
      last = String(error);
    }
    await sleep(50);
  }
  throw new Error(`No ${what} after ${UP_MS / 1000} s (${last}).\n${tails(workdir)}`);
}

function tails(workdir: string): string {
  return readdirSync(workdir)
    .filter((file) => file.endsWith('.log'))
    .map(
      (file) => `--- ${file}\n${readFileSync(join(workdir, file), 'utf8').split('\n').slice(-8).join('\n')}`,
    )
    .join('\n');
}

// Below the range from which systems take ports for outgoing connections, so a killed API server gets its port back.
async function freePort(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const isFree = await new Promise<boolean>((resolve) => {
    const probe = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
  return isFree ? port : freePort();
}
