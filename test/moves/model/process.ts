import { setImmediate as turn } from 'node:timers/promises';
import { TAKEN_OVER } from '../../../src/common/annotations.ts';
import { KubeApiError } from '../../../src/kube/api-errors.ts';
import type { ClusterWriter, KubeObject, ResourceType, WatchEvent } from '../../../src/kube/api-types.ts';
import { valueAt } from '../../../src/kube/raw-json.ts';
import { withRetry } from '../../../src/kube/retry.ts';
import { CLOSED_GATE, type WriteGate } from '../../../src/kube/write-gate.ts';
import type { Store } from './store.ts';

/** What goes wrong in one run: the process is killed at a write, requests fail. Numbers count from 0. */
export interface Faults {
  readonly crash?: { readonly at: number; readonly when: 'before' | 'after' } | undefined;
  /** `refused`: the server answers 500 and does nothing; `lost`: it does what was asked and the answer is lost. */
  readonly errors: readonly { readonly at: number; readonly how: 'refused' | 'lost' }[];
  /** Turns of the event loop that requests take, in a circle. */
  readonly pace: readonly number[];
  /** How often a request that failed is sent again; 0 where not given. */
  readonly retries?: number | undefined;
  /**
   * The attempt of this write is given up by its sender and stays in the network: it takes effect, if it still can, when
   * so many turns have passed, whatever has become of the process.
   */
  readonly held?: { readonly at: number; readonly turns: number } | undefined;
}

/** A run of the program. When it is killed, none of its requests ever comes back. */
export interface Process {
  readonly id: string;
  readonly operator: string;
  isAlive(): boolean;
  /** Resolves when it is killed. */
  readonly killed: Promise<'killed'>;
  /** The run has come to its end. */
  end(): void;
  /** Writes that are still in the network. */
  travelling(): number;
  open(store: Store, now: () => number): ClusterWriter;
}

/** A write that has taken effect. */
export interface Written {
  readonly type: ResourceType;
  readonly name: string;
  readonly store: Store;
  /** It only moves the version of an object. */
  readonly movesVersion: boolean;
}

/** Starts a process; `onWritten` hears of each write that has taken effect. */
export const startProcess = (
  id: string,
  operator: string,
  faults: Faults,
  onWritten: (write: Written) => void,
): Process => {
  let alive = true;
  let requests = 0;
  let writes = 0;
  let underway = 0;
  let kill = (_: 'killed'): void => undefined;
  const killed = new Promise<'killed'>((resolve) => {
    kill = resolve;
  });
  const never = new Promise<never>(() => undefined);
  const die = (): Promise<never> => {
    alive = false;
    kill('killed');
    return never;
  };
  const pause = async (): Promise<void> => {
    for (let left = faults.pace[requests % faults.pace.length] ?? 0; left >= 0; left--) await turn();
  };

  let written = 0;
  const open = (store: Store, now: () => number, gate: WriteGate = CLOSED_GATE): ClusterWriter => {
    const broken = (how: 'refused' | 'lost'): KubeApiError =>
      new KubeApiError({ context: store.context }, 'a request of the model', {
        status: how === 'refused' ? 500 : 0,
        reason: how === 'refused' ? 'InternalError' : 'Reset',
        detail: how,
        causes: [],
        about: [],
        outcomeUnknown: how === 'lost',
      });
    const ask = async <T>(work: () => T | Promise<never>): Promise<T> => {
      if (!alive) return never;
      const error = faults.errors.find(({ at }) => at === requests);
      requests++;
      await pause();
      if (!alive) return never;
      if (error?.how === 'refused') throw broken('refused');
      const result = await work();
      if (error !== undefined) throw broken('lost');
      await pause();
      return alive ? result : never;
    };
    const policy = { maxAttempts: (faults.retries ?? 0) + 1, baseMs: 0, capMs: 0, random: () => 0 };
    const deliver = async (work: () => unknown, turns: number): Promise<void> => {
      underway++;
      for (let left = turns; left > 0; left--) await turn();
      try {
        work();
      } catch (error) {
        if (!(error instanceof KubeApiError)) throw error;
      } finally {
        underway--;
      }
    };
    // As the transport does it: the gate is asked before each attempt, and what an attempt whose answer was lost has
    // done is read back before the next one.
    const write = <T extends KubeObject | boolean>(
      { type, name }: { readonly type: ResourceType; readonly name: string },
      dryRun: boolean | undefined,
      work: () => T,
      movesVersion = false,
    ): Promise<{ object: T; attempts: number; warnings: string[] }> => {
      if (dryRun === true) throw new TypeError('the model has no dry runs');
      let done: T | undefined;
      const effect = (): T => {
        done = work();
        onWritten({ type, name, store, movesVersion });
        return done;
      };
      return withRetry(
        async () => {
          if (!alive) return never;
          await gate.pass();
          const number = writes++;
          const crash = faults.crash?.at === number ? faults.crash.when : undefined;
          if (type.resource !== 'leases') written++;
          if (faults.held?.at === number) {
            void deliver(effect, faults.held.turns);
            throw broken('lost');
          }
          return ask(() => {
            if (crash === 'before') return die();
            const object = done ?? effect();
            return crash === 'after' ? die() : { object, attempts: 1, warnings: [] as string[] };
          });
        },
        { policy },
      );
    };
    const refuse = (): never => {
      throw new TypeError('the model does not have this request');
    };
    const selected = (objects: KubeObject[], selector: string | undefined): KubeObject[] => {
      const [key = '', value] = (selector ?? '').split('=');
      return selector === undefined
        ? objects
        : objects.filter(({ metadata }) => metadata.labels?.[key] === value);
    };
    return {
      context: store.context,
      server: `https://${store.context}`,
      defaultNamespace: undefined,
      discover: refuse,
      version: refuse,
      clusterUid: async () => store.context,
      list: (type, _namespace, options) => ask(() => selected(store.list(type), options?.labelSelector)),
      snapshot: (type) =>
        ask(() => ({ objects: store.list(type), resourceVersion: String(store.version()) })),
      fold: refuse,
      count: (type) => ask(() => store.list(type).length),
      get: ({ type, name }) => ask(() => store.get(type, name)),
      can: refuse,
      watch: (type, _namespace, { resourceVersion, signal }) =>
        watch(store, type, Number(resourceVersion), () => alive && signal?.aborted !== true),
      now,
      logs: refuse,
      counts: refuse,
      written: () => written,
      warnings: () => [],
      close: async () => undefined,
      apply: refuse,
      through: (other) => open(store, now, other),
      endure: () => undefined,
      create: (type, object, { dryRun }) =>
        write({ type, name: object.metadata.name }, dryRun, () => store.create(type, object)),
      replace: (type, object, { dryRun }) =>
        write({ type, name: object.metadata.name }, dryRun, () => store.replace(type, object)),
      // Nothing is refused here that could be asked about, so a dry run of a patch is a look.
      patch: ({ type, name }, patch, { dryRun }) =>
        dryRun === true
          ? ask(() => ({ object: store.get(type, name) ?? NOTHING, attempts: 1, warnings: [] }))
          : write(
              { type, name },
              dryRun,
              () => store.patch(type, name, patch),
              valueAt(patch, 'metadata', 'labels', TAKEN_OVER) !== undefined,
            ),
      delete: async ({ type, name }) =>
        (await write({ type, name }, false, () => store.delete(type, name))).object,
    };
  };
  const end = (): void => {
    alive = false;
  };
  return { id, operator, isAlive: () => alive, killed, end, travelling: () => underway, open };
};

const NOTHING: KubeObject = { apiVersion: '', kind: '', metadata: { name: '' } };

async function* watch(
  store: Store,
  type: ResourceType,
  from: number,
  isOpen: () => boolean,
): AsyncGenerator<WatchEvent> {
  let next = store.events.findIndex(({ version }) => version > from);
  if (next < 0) next = store.events.length;
  while (isOpen()) {
    const event = store.events[next];
    if (event === undefined) {
      await turn();
      continue;
    }
    next++;
    if (event.resource === type.resource) yield { type: event.type, object: structuredClone(event.object) };
  }
}
