import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentReporter } from '../../../src/common/reporter.ts';
import type { MoveDeps, MoveRequest } from '../../../src/volumes/copy-pvcs.ts';
import { findMover, type Mover } from '../../../src/volumes/find-mover.ts';
import { DEFAULT_MOVER_OPTIONS, systemClock } from '../../../src/volumes/mover-defaults.ts';
import type {
  ClaimPair,
  Clock,
  MoverEvent,
  MoverOptions,
  ProcessControl,
} from '../../../src/volumes/mover-types.ts';

export const STAND_IN = fileURLToPath(new URL('../../fixtures/pv-migrate/pv-migrate.mjs', import.meta.url));

/** The process of the test. */
export const CONTROL: ProcessControl = { pid: process.pid, kill: (pid, signal) => process.kill(pid, signal) };

/** The versions whose records and flags the stand-in knows. */
export const VERSIONS = ['1.8.0', '2.2.1', '3.0.0', '3.2.0', '3.6.1'] as const;

/** One line of the stand-in's own log. */
export interface Noted {
  readonly t: number;
  readonly pid: number;
  readonly event: string;
  readonly argv?: readonly string[];
  readonly cmdline?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly command?: string;
  readonly claim?: string;
  readonly id?: string;
  readonly code?: number;
  readonly signal?: string;
  readonly context?: string;
  readonly message?: string;
  readonly rsync?: string;
  readonly sshd?: string;
}

/** A folder for one test: the stand-in's log, its pretended clusters, and a place for private directories. */
export interface Bench {
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  noted(event?: string): Noted[];
  /** Helm releases that are in the pretended clusters. */
  releases(): string[];
  /** Whether pods of a copy still hold a claim, and the end of them; see PV_MIGRATE_FAKE_LINGERS. */
  isMounted(claim: string): boolean;
  letGo(claim: string): void;
  /** Private directories that exist now. */
  privateDirs(): string[];
  remove(): void;
}

/** A scenario per claim, see the head of pv-migrate.mjs. */
export type Scenarios = Readonly<Record<string, unknown>>;

export const openBench = (
  version: string,
  scenarios: Scenarios = {},
  more: Readonly<Record<string, string>> = {},
): Bench => {
  const root = mkdtempSync(join(tmpdir(), 'dr-data-test-'));
  const log = join(root, 'log.jsonl');
  const state = join(root, 'clusters');
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: root,
    KUBECONFIG: '/nowhere/kubeconfig',
    PV_MIGRATE_S3_SECRET_KEY: 'do-not-pass-this-on',
    PV_MIGRATE_FAKE_VERSION: version,
    PV_MIGRATE_FAKE_SCENARIO: JSON.stringify(scenarios),
    PV_MIGRATE_FAKE_LOG: log,
    PV_MIGRATE_FAKE_STATE: state,
    ...more,
  };
  return {
    root,
    env,
    noted: (event) => {
      // A line that is being written is not there yet.
      const lines = (existsSync(log) ? readFileSync(log, 'utf8') : '').split('\n').slice(0, -1);
      const all = lines.map((line) => JSON.parse(line) as Noted);
      return event === undefined ? all : all.filter((item) => item.event === event);
    },
    releases: () => (existsSync(state) ? readdirSync(state).filter((name) => !name.startsWith('.')) : []),
    isMounted: (claim) => existsSync(join(state, `.mounted-${claim}`)),
    letGo: (claim) => rmSync(join(state, `.mounted-${claim}`)),
    privateDirs: () => readdirSync(root).filter((name) => name.startsWith('dr-syncer-mover-')),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
};

export const pair = (name: string): ClaimPair => ({
  name,
  source: { namespace: 'shop', claim: name },
  dest: { namespace: 'shop-dr', claim: name },
});

const kubeconfig = (context: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    contexts: [{ name: context, context: { cluster: context, user: context } }],
    clusters: [{ name: context, cluster: { server: `https://${context}.invalid` } }],
    users: [{ name: context, user: { token: SECRET_TOKEN } }],
  });

/** The credential in the kubeconfigs of tests: it must never show up in arguments or in the environment. */
export const SECRET_TOKEN = 'this-is-the-token-of-the-user';

export const options = (changes: Partial<MoverOptions> = {}): MoverOptions => ({
  ...DEFAULT_MOVER_OPTIONS,
  helmTimeoutMs: 1000,
  loadBalancerTimeoutMs: 1000,
  deadlineMs: 60_000,
  ...changes,
});

export const moveRequest = (mover: Mover, changes: Partial<MoveRequest> = {}): MoveRequest => ({
  operationId: 'op-1',
  mover,
  source: { kubeconfig: kubeconfig('prod'), context: 'prod' },
  dest: { kubeconfig: kubeconfig('dr'), context: 'dr' },
  options: options(),
  ...changes,
});

export const moveDeps = (bench: Bench, changes: Partial<MoveDeps> = {}): MoveDeps => ({
  reporter: silentReporter,
  clock: systemClock,
  control: CONTROL,
  tempDir: bench.root,
  ...changes,
});

export const standIn = (bench: Bench): Promise<Mover> => findMover({ path: STAND_IN, env: bench.env });

/** Waits until the stand-in has noted an event, so that a test acts at the right moment. */
export const untilNoted = async (bench: Bench, event: string, count = 1): Promise<Noted[]> => {
  const until = Date.now() + 90_000;
  for (;;) {
    const found = bench.noted(event);
    if (found.length >= count) return found;
    if (Date.now() > until)
      throw new Error(`The stand-in noted ${found.length} of ${count} ${event} events.`);
    await systemClock.sleep(20);
  }
};

/**
 * The system's clock, but a sleep of exactly `ms` milliseconds ends when the promise resolves: for deadlines that
 * must not pass before the stand-in has come far enough, however slow the machine is.
 */
export const clockUntil = (ms: number, moment: () => Promise<unknown>): Clock => ({
  now: systemClock.now,
  sleep: async (wanted, signal) => {
    if (wanted !== ms) return systemClock.sleep(wanted, signal);
    const ended = new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
    await Promise.race([moment(), ended]);
  },
});

export const eventsOf = (): {
  onEvent(claim: string, event: MoverEvent): void;
  of<T extends MoverEvent['type']>(type: T): (MoverEvent & { type: T })[];
} => {
  const all: MoverEvent[] = [];
  return {
    onEvent: (_claim, event) => {
      all.push(event);
    },
    of: (type) => all.filter((event): event is MoverEvent & { type: typeof type } => event.type === type),
  };
};
